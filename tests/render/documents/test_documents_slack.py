"""Slack's limits: nothing is longer than they allow, and nothing is cut where that would break it."""

from __future__ import annotations

import json
import re

import document_records as records
import pytest
from document_records import replace
from hypothesis import given
from hypothesis import strategies as st

from aftershock.model.record import Reference
from aftershock.render.documents import document
from aftershock.render.documents.inert import SLACK
from aftershock.render.documents.slack import PAYLOAD, TEXT, short
from aftershock.render.documents.view import link, name, person, said, strong

NOW = "2026-11-02T11:00:00Z"
PIECES = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.text(max_size=40).map(name),
        st.text(max_size=40).map(person),
        st.text(max_size=20).map(strong),
        st.text(max_size=20).map(lambda text: link(text, "https://a.example/x?y=1&z=2")),
    ),
    max_size=8,
)


@given(PIECES, st.integers(20, 200))
def test_a_line_is_cut_where_nothing_breaks(pieces: list[object], limit: int) -> None:
    line = said(*pieces)  # type: ignore[arg-type]  # texts and pieces
    shown = short(line, limit)
    assert len(shown) <= limit
    if len(SLACK.value(line)) > limit:
        assert shown.endswith(" …")
    bare = re.sub(r"<https?://[^<>|]+(?:\|[^<>|]*)?>", "", shown)
    assert not set("<>") & set(bare)
    assert not re.search(r"&(?!(?:amp|lt|gt);)", bare)
    assert bare.count("`") % 2 == 0


@pytest.mark.parametrize("kind", records.KINDS)
@pytest.mark.parametrize("story", records.STORIES)
def test_every_document_is_within_the_limits(story: str, kind: str) -> None:
    record, now = records.stage(records.STORIES[story], kind)  # type: ignore[arg-type]  # one of them
    assert len(document(record, kind, "slack", now=now)) <= TEXT  # type: ignore[arg-type]  # as above
    shown = document(record, kind, "blocks", now=now)  # type: ignore[arg-type]  # as above
    assert len(shown) <= PAYLOAD
    assert len(json.loads(shown)) <= 50


def test_what_does_not_fit_is_counted_with_the_command_that_shows_it() -> None:
    said_often = tuple(f"{at} " + "words " * 60 for at in range(12))
    links = tuple(Reference(f"https://a.example/{at}/{'x' * 300}", f"reference {at}") for at in range(50))
    many = replace(
        records.resolved(),
        went_well=said_often,
        to_improve=said_often,
        lucky=said_often,
        references=links,
        evidence=said_often,
        root_cause="cause " * 600,
        fix="fix " * 900,
    )
    blocks = json.loads(document(many, "postmortem", "blocks", now=NOW))
    assert re.fullmatch(r"… and \d+ more: `aftershock incident show INC-12`", blocks[-2]["elements"][0]["text"])
    assert blocks[-1]["elements"][0]["text"].startswith("INC-12 (Data Quality: ")
    text = document(many, "postmortem", "slack", now=NOW)
    assert re.search(r"\n… and \d+ more: `aftershock incident show INC-12`\n\nINC-12", text)


def test_a_long_list_leaves_space_for_what_comes_after_it() -> None:
    text = document(records.large(), "postmortem", "blocks", now=NOW)
    assert "… 92 more …" in text
    assert "*Action Items*" in text


def test_short_facts_stand_side_by_side() -> None:
    blocks = json.loads(document(records.opened(), "notification", "blocks", now="2026-11-02T08:46:00Z"))
    assert [block["type"] for block in blocks] == ["header", *["section"] * 7, "context"]
    assert blocks[0]["text"] == {"type": "plain_text", "text": "DATA INCIDENT -- P1", "emoji": False}
    fields = [field["text"] for block in blocks for field in block.get("fields", [])]
    assert fields == [
        "*Detected at*\n2026-11-02 08:40 UTC (dbt build of the nightly job)", "*Status*\nInvestigating", "*Owner*\n`@ana`", "*Next update*\n2026-11-02 09:40 UTC",
    ]  # fmt: skip
