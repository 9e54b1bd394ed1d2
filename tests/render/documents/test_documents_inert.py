"""Whatever a text says, each form of each document shows it and does nothing: proved by the parsers of the forms."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import document_records as records
import pytest
import reports
from hypothesis import given, settings
from markdown_it import MarkdownIt

from aftershock.render import escape
from aftershock.render.documents import FORMS, document, messages
from aftershock.render.escape import UNSAFE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

    from aftershock.model.record import DocumentKind, Record

NOW = "2026-11-02T11:00:00Z"
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MENTION = re.compile(r"(?<![\w.%+-])@\w|@(?:everyone|here|channel|all)\b|<[!#@]|<users/", re.IGNORECASE)
MORE_ATTACKS = (
    "<!channel> <!here|here> <!subteam^S123> <@U123> <#C123|general> <users/all>",
    "@channel (@here) x@everyone @123 <@&456>",
    "*bold* _italic_ ~struck~ `code` ```block``` :tada: :+1: > quote",
    "<https://evil.example|your dashboard> &lt;!channel&gt; &amp;",
    "> quoted",
    "Subject: x\r\nBcc: everyone@example.com\r\n\r\nbody",
    "x" * 10_000,
    "two words " * 1_000,
    "`" * 50,
    "{{ 7 * 7 }} {% include 'x' %} {# #}",
    "<img src=x onerror=alert(1)> <a href='javascript:x'>y</a> <!-- --> </td></table>",
    "| a | b |\n|---|---|\n| c | d |",
    "Heading\n=======\n\n    code\n\n***\n1) x",
    "[x]: https://evil.example 'ref' [x]",
    "https://evil.example www.evil.example evil.example a@b.example",
    " lead and trail ",
    "a\u2028b\u0085c\x0bd",
    "-- \n",
)
ATTACKS = (*reports.ATTACKS, *MORE_ATTACKS)


def both(say: reports.Voice) -> Iterator[Record]:
    yield records.hostile(say)
    yield records.hostile_open(say)


def inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or []]


HEADINGS: dict[str, list[str]] = {
    "notification": [],
    "update": [],
    "resolution": [],
    "postmortem": [
        "Data Incident Postmortem", "Summary", "Timeline", "Root Cause", "Impact", "What Went Well", "What Could Be Improved", "Where We Got Lucky",
        "Action Items", "References",
    ],
    "checklist": ["Impact Assessment"],
}  # fmt: skip


def check_markdown(shown: str, kind: DocumentKind) -> None:
    tokens = MARKDOWN.parse(shown)
    inner = inline(tokens)
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == HEADINGS[kind]
    banned = {"html_block", "html_inline", "image", "code_block", "fence", "blockquote_open", "hr", "s_open", "em_open", "ordered_list_open"}
    assert not [token.type for token in (*tokens, *inner) if token.type in banned]
    for link in (token for token in inner if token.type == "link_open"):
        assert re.match(r"https?://", str(link.attrs["href"]), re.IGNORECASE)
    plain = " ".join(token.content for token in inner if token.type == "text")
    assert "@" not in plain
    assert "://" not in plain
    assert "www." not in plain.casefold()
    assert not re.search(r"@(?:everyone|here|channel|all)\b", shown, re.IGNORECASE)
    assert not UNSAFE.search(shown.replace("\n", ""))
    tables = [token for token in tokens if token.type == "tr_open"]
    assert len(tables) == (4 + 3 if kind == "postmortem" else 0)


def check_text(shown: str) -> None:
    assert not UNSAFE.search(shown.replace("\n", ""))
    assert not MENTION.search(shown)


class Page(HTMLParser):
    """What a page consists of; its text with entities resolved."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.texts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            else:
                self.attributes.add((name, value or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def page(shown: str) -> Page:
    found = Page()
    found.feed(shown)
    found.close()
    assert found.open == []
    return found


OURS = [page(document(records.resolved(), kind, "html", now=NOW)) for kind in records.KINDS]
OUR_TAGS = set().union(*(found.tags for found in OURS))
OUR_ATTRIBUTES = set().union(*(found.attributes for found in OURS))


def check_html(shown: str) -> None:
    found = page(shown)
    assert found.tags <= OUR_TAGS
    assert found.attributes <= OUR_ATTRIBUTES
    assert all(re.match(r"https?://", link, re.IGNORECASE) for link in found.links)
    assert not re.search(r"@(?:everyone|here|channel|all)\b", "".join(found.texts), re.IGNORECASE)
    assert not UNSAFE.search(shown.replace("\n", ""))


SLACK_LINK = re.compile(r"<https?://[^\s<>|]+(?:\|[^<>|]*)?>", re.IGNORECASE)
SLACK_CODE = re.compile(r"(?<!\w)`[^`\n]+`(?!\w)")


def check_mrkdwn(shown: str) -> None:
    assert not UNSAFE.search(shown.replace("\n", ""))
    bare = SLACK_LINK.sub("", shown)
    assert "<" not in bare
    assert ">" not in bare
    assert not re.search(r"&(?!(?:amp|lt|gt);)", bare)
    bare = SLACK_CODE.sub("", bare)
    assert "`" not in bare
    assert "@" not in bare
    assert "://" not in bare
    labels = {label.strip("*") for label in BOLD.findall(bare)}
    assert labels <= KNOWN_BOLD, labels - KNOWN_BOLD
    bare = BOLD.sub("", bare)
    assert "*" not in bare
    assert "~" not in bare
    assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", bare)
    assert not re.search(r":[a-z][\w+'-]*:", bare, re.IGNORECASE)
    assert not re.search(r"^&gt;", bare, re.MULTILINE)
    assert not re.search(r"@(?:everyone|here|channel|all)\b", shown, re.IGNORECASE)


LABELS = (
    "Summary", "Detected at", "Affected systems", "Status", "Owner", "Next update", "Root cause", "Fix status", "ETA to resolution", "Impact", "Fix applied",
    "Verified at", "Data is now", "Data lost or still wrong", "Postmortem scheduled", "Date", "Duration", "Severity", "Author", "Data affected",
    "Duration of bad data", "Downstream impact", "Affected tables", "Affected dashboards", "Affected stakeholders", "Financial impact", "Regulatory impact",
    "Customer-facing", "Blast radius", "Recovery estimate", "What happened", "Your dashboards", "What you use", "What to do", "What we are doing",
    "When it will be over", "When you hear from us again", "Questions to", "What we do so that it does not happen again",
)  # fmt: skip
KNOWN_BOLD = {
    *HEADINGS["postmortem"], *LABELS, *(f"{label}:" for label in LABELS), "changed", "not verified", "Impact Assessment", "DATA INCIDENT -- P1",
    "Data that you use: there is a problem", "Data that you use: where we stand", "Data that you use: the problem is over", "Data that you use: what happened",
    "Data that you use: the problem is not over yet", "UPDATE -- P1 Data Incident", "RESOLVED -- Data Incident", "NOT RESOLVED YET -- Data Incident",
}  # fmt: skip
BOLD = re.compile(r"(?<!\w)\*[\w :-]+\*(?!\w)")


def texts(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        yield from ([block["text"]] if "text" in block else [])
        yield from block.get("fields", block.get("elements", []))


def check_blocks(shown: str) -> None:
    assert len(shown) <= 12_500
    blocks = json.loads(shown)
    assert 1 <= len(blocks) <= 50
    assert blocks[0]["type"] == "header"
    assert blocks[0]["text"]["type"] == "plain_text"
    assert 1 <= len(blocks[0]["text"]["text"]) <= 150
    for block in blocks[1:]:
        assert block["type"] in {"section", "context"}
        assert len(block.get("fields", [])) <= 10
        assert len(block.get("elements", [])) <= 10
        assert all(len(field["text"]) <= 2000 for field in block.get("fields", []))
    for text in texts(blocks[1:]):
        assert text["type"] == "mrkdwn"
        assert text["verbatim"] is True
        assert 1 <= len(text["text"]) <= 3000
        check_mrkdwn(text["text"])


def check(record: Record, kind: DocumentKind) -> None:
    (message,) = messages(record, kind, now=NOW)
    check_markdown(message.markdown, kind)
    check_text(message.text)
    check_html(message.html)
    check_mrkdwn(message.slack)
    assert len(message.slack) <= 4_000
    check_blocks(message.blocks)
    check_subject(message.subject)


def check_subject(subject: str) -> None:
    assert not UNSAFE.search(subject)
    assert not MENTION.search(subject)
    assert 0 < len(subject) <= 200


@pytest.mark.parametrize("kind", records.KINDS)
@given(say=reports.VOICES)
@settings(max_examples=8, deadline=None)
def test_no_text_acts(say: reports.Voice, kind: DocumentKind) -> None:
    for record in both(say):
        if kind != "postmortem" or record.resolved_at:
            check(record, kind)


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_attack_acts(attack: str) -> None:
    for record in both(reports.Voice([attack])):
        for kind in records.KINDS:
            check(record, kind)


def test_attacks_in_turn_do_not_act() -> None:
    for start in range(0, len(ATTACKS), 2):
        turned = reports.Voice([*ATTACKS[start:], *ATTACKS[:start]])
        for kind in records.KINDS:
            check(records.hostile(turned), kind)


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_attack_acts_in_what_owners_and_stakeholders_get(attack: str) -> None:
    for record in both(reports.Voice([attack])):
        for kind in records.KINDS:
            for message in messages(record, kind, audience="owners", now=NOW):
                check_markdown(message.markdown, kind)
                check_html(message.html)
            for message in messages(record, kind, audience="stakeholders", now=NOW):
                check_markdown(message.markdown, "notification")
                check_text(message.text)
                check_html(message.html)
                check_mrkdwn(message.slack)
                check_blocks(message.blocks)
                check_subject(message.subject)


def test_a_mail_header_cannot_be_added() -> None:
    (message,) = messages(records.hostile(reports.Voice(["x\r\nBcc: all@example.com"])), "notification", now=NOW)
    assert message.subject == "[INC-12] DATA INCIDENT -- P1: x Bcc: all@example.com"


@pytest.mark.parametrize("form", FORMS)
def test_people_are_named_and_never_called(form: str) -> None:
    shown = document(records.opened(), "notification", form, now=NOW)
    expected = {"markdown": "`@ana`", "text": "@ ana", "html": ">@ana\n", "slack": "`@ana`", "blocks": "`@ana`"}[form]
    assert expected in shown


def test_a_link_is_made_only_of_an_address_of_the_web() -> None:
    for url, live in (("https://bi.example.com/x", True), ("javascript:alert(1)", False), ("//evil.example", False), ("data:text/html,x", False)):
        report = reports.realistic()
        boards = tuple(reports_board(item, url) for item in report.assessment.dashboards)
        record = records.replace(records.opened(), report=records.replace(report, assessment=records.replace(report.assessment, dashboards=boards)))
        html = document(record, "postmortem", "html", now=NOW)
        assert bool(page(html).links) is live
        slack = document(record, "notification", "slack", now=NOW)
        assert bool(SLACK_LINK.search(slack)) is live


def reports_board(item: Any, url: str) -> Any:  # noqa: ANN401  # a dashboard
    return records.replace(item, url=url)


def test_escapes_of_this_module_are_the_published_ones() -> None:
    assert escape.slack("*a* <!channel> @here a_b") == "`*a*` &lt;!channel&gt; `@` here a_b"
