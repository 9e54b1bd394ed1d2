"""What a person does with an incident: each verb of its life, from opening it to closing it, and telling people."""

from aftershock.response.counting import row_counts
from aftershock.response.desk import Desk, open_desk
from aftershock.response.found import assess_found
from aftershock.response.opening import opened_from_proposal, opened_from_report
from aftershock.response.telling import Told, check_sending, documents, resend, tell
from aftershock.response.verifying import check_incident, checked

__all__ = [
    "Desk",
    "Told",
    "assess_found",
    "check_incident",
    "check_sending",
    "checked",
    "documents",
    "open_desk",
    "opened_from_proposal",
    "opened_from_report",
    "resend",
    "row_counts",
    "tell",
]
