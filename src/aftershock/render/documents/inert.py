"""Values made inert, one way for each form: whatever a name, a person or a service said, it is shown and does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.render import escape
from aftershock.render.documents.view import Piece, Said

if TYPE_CHECKING:
    from collections.abc import Callable

    Inert = Callable[[str], str]


class Form(NamedTuple):
    """How a form writes text, names, people, words that matter, and links (address, then words)."""

    text: Inert
    name: Inert
    person: Inert
    strong: Inert
    link: Callable[[str, str], str]

    def piece(self, piece: Piece) -> str:
        """A stretch of a line; what is to be a link and has no web address is text with what was given instead of one.

        An @ in an address is percent-encoded: some services look for names there too, and before a host it only hides which host it is.
        """
        if not piece.text:
            return ""
        if piece.kind == "link":
            url = escape.http_url(piece.url).replace("@", "%40")
            named = f"{piece.text} ({piece.url})" if piece.url not in {"", piece.text} else piece.text
            return self.link(url, piece.text) if url else self.text(named)
        writers = {"name": self.name, "person": self.person, "strong": self.strong}
        return writers.get(piece.kind, self.text)(piece.text)

    def value(self, value: object) -> str:
        """Any value that a template may print; white space at the edges of a stretch stays."""
        if not isinstance(value, Said):
            return self.text(str(value))
        return "".join(_edged(piece.text, self.piece(piece)) for piece in value.pieces)


def _edged(text: str, shown: str) -> str:
    """The inert words with the blanks that parted them from their neighbours."""
    before = " " if text[:1].isspace() and not shown.startswith(" ") else ""
    after = " " if text[-1:].isspace() and not shown.endswith(" ") and text.strip() else ""
    return f"{before}{shown}{after}"


def _code(text: str) -> str:
    return escape.markdown_code(escape.unaddressed(text))


def _markdown(text: str) -> str:
    return escape.markdown(escape.unaddressed(text))


def _markdown_link(url: str, text: str) -> str:
    return f"[{_markdown(text) or 'link'}](<{url}>)"


def _html_link(url: str, text: str) -> str:
    return f'<a href="{escape.html(url)}" style="color:#0b57d0">{escape.html(text)}</a>'


MARKDOWN = Form(
    text=_markdown,
    name=_code,
    person=lambda text: _code(text) if "@" in text else _markdown(text),
    strong=lambda text: f"**{_markdown(text)}**",
    link=_markdown_link,
)
TEXT = Form(
    text=escape.plain,
    name=escape.plain,
    person=escape.plain,
    strong=escape.plain,
    link=lambda url, text: url if escape.plain(text) == url else f"{escape.plain(text)} ({url})",
)
HTML = Form(
    text=escape.html,
    name=lambda text: f'<code style="font-family:Consolas,Menlo,monospace;font-size:14px">{escape.html(text)}</code>',
    person=escape.html,
    strong=lambda text: f"<strong>{escape.html(text)}</strong>",
    link=_html_link,
)
SLACK = Form(
    text=escape.slack,
    name=escape.slack_code,
    person=lambda text: escape.slack_code(text) if "@" in text else escape.slack(text),
    strong=lambda text: f"*{escape.slack(text)}*",
    link=escape.slack_link,
)
