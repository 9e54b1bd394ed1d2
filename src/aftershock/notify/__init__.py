"""A rendered document goes to the targets of aftershock.yml: Slack, PagerDuty, and through Apprise everything else. Nothing here writes to disk."""

from aftershock.notify.routing import arrived, key_of, pending, targets_for
from aftershock.notify.sending import Ready, check, prepared, resend, send
from aftershock.notify.trust import untrusted

__all__ = ["Ready", "arrived", "check", "key_of", "pending", "prepared", "resend", "send", "targets_for", "untrusted"]
