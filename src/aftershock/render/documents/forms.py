"""The names of the forms of a document, and of the templates that lay some of them out."""

from __future__ import annotations

FORMS = ("markdown", "text", "html", "slack", "blocks")
"""The names of the forms, the default first."""

ENDINGS = {"markdown": "md", "text": "txt", "html": "html"}
"""The forms that templates lay out, and the endings of their files; Slack's two have none."""

TEMPLATES = tuple(
    f"{name}.{ending}.j2"
    for name in ("base", "checklist", "notification", "postmortem", "resolution", "stakeholders", "update")
    for ending in sorted(ENDINGS.values())
)
"""The file names of our templates, sorted."""
