"""The record as a person and a program see it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "tests" / "render"), str(ROOT / "tests" / "render" / "documents")]

import document_records as records  # noqa: E402  # the records of the room beside this one
import reports  # noqa: E402  # as above
from document_records import replace  # noqa: E402  # as above

from aftershock.errors import UsageError  # noqa: E402  # as above
from aftershock.model.record import Due, Status  # noqa: E402  # as above
from aftershock.render.escape import UNSAFE  # noqa: E402  # as above
from aftershock.render.incidents import INCIDENT_FORMATS, render_incident, render_incidents  # noqa: E402  # as above
from aftershock.render.incidents.document import schema  # noqa: E402  # as above
from aftershock.render.layout import cells  # noqa: E402  # as above

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.model.record import Record

NOW = "2026-11-02T09:45:00Z"
SGR = re.compile(r"\x1b\[[\d;]*m")
SCHEMA = ROOT / "docs" / "reference" / "record.schema.json"


def shown(record: Record, now: str = NOW, **given: object) -> str:
    return render_incident(record, now=now, **given)  # type: ignore[arg-type]  # as `render_incident` takes them


def test_the_first_screen_says_where_it_stands() -> None:
    text = shown(records.opened())
    assert text.splitlines()[0] == "INC-12 P1 investigating: Data Quality: stg_orders"
    for line in (
        "Summary     stg_orders holds incorrect values: 6 tables, 1 dashboard, 1 other report and 1",
        "Commander   ana",
        "Nodes       stg_orders",
        "Affects     6 tables, 1 dashboard, 1 other report and 1 automation (10 nodes downstream, 4 people or",
        "Clocks (UTC): 1 overdue",
        "  initial notification  2026-11-02 08:55  done 2026-11-02 08:46",
        "  impact checklist      2026-11-02 09:10  done 2026-11-02 09:22, 12 min late",
        "  next update           2026-11-02 09:40  overdue by 5 min",
        "  2026-11-02 08:45  Investigation started (ana)",
        "  aftershock incident mitigate INC-12",
        "  or resolve, cancel, merge, update, note",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-11-02T09:39:00Z", "in 1 min"),
        ("2026-11-02T09:40:00Z", "due now"),
        ("2026-11-02T09:40:59Z", "in 59 s"),
        ("2026-11-02T09:41:00Z", "overdue by 1 min"),
    ],
)
def test_a_clock_is_overdue_at_the_right_minute(now: str, said: str) -> None:
    line = next(line for line in shown(records.opened(), now).splitlines() if line.startswith("  next update"))
    assert line.endswith(said) or now.endswith("59Z")
    assert ("overdue" in line) == (now >= "2026-11-02T09:41:00Z")


@pytest.mark.parametrize(
    ("status", "verbs"),
    [
        (Status.TRIAGE, "start or mitigate, resolve, cancel, merge, update, note"),
        (Status.MITIGATED, "monitor or resolve, reopen, cancel, merge, update, note"),
        (Status.RESOLVED, "postmortem or close, reopen"),
        (Status.CANCELLED, "reopen"),
    ],
)
def test_what_can_be_done_next_is_named(status: Status, verbs: str) -> None:
    text = " ".join(shown(replace(records.opened(), status=status)).split())
    first, _, others = verbs.partition(" or ")
    assert f"Next aftershock incident {first} INC-12{f' or {others}' if others else ''}" in text


def test_nobody_in_charge_and_nothing_left_to_do() -> None:
    assert "  aftershock incident assign INC-12\n" in shown(records.nothing())
    assert "Next" not in shown(replace(records.opened(), status=Status.MERGED, merged_into="INC-3"))


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("of", [records.opened, records.resolved, records.forced, records.nothing, records.large])
def test_the_first_screen_is_forty_rows_at_most(of: Callable[[], Record], width: int) -> None:
    lines = shown(of(), width=width).splitlines()
    assert sum(max(1, -(-cells(line) // width)) for line in lines) <= 40


def test_everything_is_there_where_it_is_asked_for() -> None:
    text = shown(records.large(), show_all=True)
    assert sum(line.startswith("  2026-") for line in text.splitlines()) == 400
    assert "and again " * 5 in " ".join(text.split())
    assert "https://ci.example.com/runs/7" in shown(records.resolved(), show_all=True)


def test_colours_only_where_they_are_wanted() -> None:
    assert "\x1b" not in shown(records.opened())
    coloured = shown(records.opened(), colour=True)
    assert SGR.sub("", coloured) == shown(records.opened())
    assert "\x1b[1;31moverdue by 5 min\x1b[0m" in coloured


def test_a_failed_delivery_is_named_with_how_to_try_again() -> None:
    hostile = records.hostile(reports.Voice(["boss"]))
    assert "Not sent: 1 (aftershock incident resend INC-12)" in shown(hostile)
    assert "  notification to boss for boss: boss" in shown(hostile)


@given(say=reports.VOICES)
@settings(max_examples=40, deadline=None)
def test_no_text_acts_at_the_terminal(say: reports.Voice) -> None:
    for record in (records.hostile(say), records.hostile_open(say)):
        for text in (shown(record), shown(record, show_all=True), render_incidents([record], now=NOW), render_incidents([record], now=NOW, show_all=True)):
            assert not UNSAFE.search(text.replace("\n", ""))
        for form in (render_incident(record, "json", now=NOW), render_incidents([record], "json", now=NOW)):
            assert not UNSAFE.search(form.replace("\n", ""))
            json.loads(form)


def test_a_list_has_a_row_for_each_with_what_is_due() -> None:
    text = render_incidents([records.opened(), records.resolved(), records.nothing(), records.false_positive()], now=NOW, width=120)
    assert text.splitlines() == [
        "4 incidents, 1 with something overdue",
        "  INC-12  P1  investigating  ana     1 h 5 min   next update overdue by 5 min  Data Quality: stg_orders",
        "  INC-12  P1  resolved       ana     2 h 15 min  postmortem in 2 days 1 h      Data Quality: stg_orders",
        "  INC-12  -   triage         nobody  1 h 5 min                                 Something is off with revenue",
        "  INC-12  P1  closed         ana     2 h 15 min                                Data Quality: stg_orders",
    ]
    closed = replace(records.resolved(), deadlines=(), status=Status.CLOSED)
    assert "1 action item open" in render_incidents([closed], now=NOW)
    assert render_incidents([], now=NOW) == "No incident.\n"


def test_what_is_due_and_the_title_get_the_room_before_a_name() -> None:
    record = replace(records.opened(), commander="A. N. Extraordinarily-Long")
    wide, narrow = (render_incidents([record], now=NOW, width=width).splitlines()[1] for width in (120, 106))
    assert "A. N. Extraordinari…" in wide
    assert "  A. N. Ext…  " in narrow
    assert narrow.endswith("  next update overdue by 5 min  Data Quality: stg_orders")
    assert "A. N. Extraordinarily-Long" in render_incidents([record], now=NOW, width=90, show_all=True)


def test_a_long_title_is_cut_unless_all_is_asked_for() -> None:
    assert max(map(cells, render_incidents([records.large()], now=NOW, width=80).splitlines())) <= 80
    assert "and again " * 900 in render_incidents([records.large()], now=NOW, show_all=True)


def test_json_is_in_the_published_shape() -> None:
    published = json.loads(SCHEMA.read_text("utf-8"))
    assert published == json.loads(schema())
    validator = jsonschema.Draft202012Validator(published)
    for of in (records.opened, records.resolved, records.nothing, records.large):
        validator.validate(json.loads(render_incident(of(), "json", now=NOW)))
    validator.validate(json.loads(render_incidents([records.opened(), records.nothing()], "json", now=NOW)))


def test_json_says_everything() -> None:
    found = json.loads(render_incident(records.resolved(), "json", now=NOW))
    record = records.resolved()
    assert found["schema_version"] == "1.0"
    assert found["severity"] == {"level": "P1", "computed": "P1", "override": ""}
    assert found["nodes"] == [{"unique_id": reports.STG, "name": "stg_orders"}]
    assert found["outcome"]["verified"]["repaired"] == 7
    assert len(found["timeline"]) == len(record.timeline)
    assert found["actions"][0] == {"number": 1, "item": "Add a range test on raw.orders.amount", "owner": "@bo", "due": "2026-11-10", "status": "open"}
    assert found["past"] == [{"what": "next update", "at": "2026-11-02T09:40:00Z", "met_at": records.UPDATED, "overdue": False}]
    assert found["next"] == ["postmortem", "close", "reopen"]
    assert found["assessment"]["incident"]["nodes"] == [reports.STG]
    assert found["plan"]["estimate"]["low_seconds"] == 240
    listed = json.loads(render_incidents([records.opened()], "json", now=NOW))["incidents"][0]
    assert [due["what"] for due in listed["overdue"]] == ["next update"]
    assert listed["due"]["overdue"] is True


def test_no_field_of_a_record_is_left_out_of_json() -> None:
    text = json.dumps(json.loads(render_incident(records.hostile(reports.Voice(["Zq7"])), "json", now=NOW)))
    marked = replace(
        records.resolved(),
        **{name: f"mark-{name}" for name, value in ((name, getattr(records.resolved(), name)) for name in records.resolved().__struct_fields__) if isinstance(value, str) and name not in {"fix_status", "code"}},
    )  # fmt: skip
    found = render_incident(marked, "json", now=NOW)
    assert [
        name
        for name in marked.__struct_fields__
        if isinstance(getattr(marked, name), str) and name not in {"fix_status", "code"} and f"mark-{name}" not in found
    ] == []
    assert "Zq7" in text


@pytest.mark.parametrize("name", ["xml", ""])
def test_there_is_no_other_format(name: str) -> None:
    assert INCIDENT_FORMATS == ("text", "json")
    with pytest.raises(UsageError, match="there is no format"):
        render_incident(records.opened(), name, now=NOW)
    with pytest.raises(UsageError, match="there is no format"):
        render_incidents([records.opened()], name, now=NOW)


def test_what_is_overdue_longest_comes_first() -> None:
    record = replace(records.opened(), deadlines=(Due("next update", "2026-11-02T09:40:00Z"), Due("impact checklist", "2026-11-02T09:10:00Z")))
    assert "impact checklist overdue by 35 min" in render_incidents([record], now=NOW, width=120)
