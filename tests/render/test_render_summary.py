from __future__ import annotations

import msgspec
import pytest
import reports

from aftershock.model import ArtifactFile, Consumer, HiddenConsumer, NodeOwner, Owner, Report, Seed
from aftershock.render import summary


def with_people(owners: tuple[NodeOwner, ...], consumers: tuple[Consumer, ...]) -> Report:
    report = reports.realistic()
    return msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, owners=owners, consumers=consumers))


def test_owners_of_failing_nodes_come_first_and_mere_users_last() -> None:
    assert [person.owner.name for person in summary.people(reports.realistic())] == ["Ana Ruiz", "Data platform", "Growth team", "Finance"]


def test_one_person_is_told_once_of_everything() -> None:
    report = with_people(
        (
            NodeOwner(Owner("", "A@x.example"), ("model.a",), "meta", failing=False),
            NodeOwner(Owner("Ann", "a@x.example"), (reports.STG, "model.a"), "group", failing=True),
        ),
        (Consumer(Owner("", "a@X.example", "@ann"), ("exposure.e",)),),
    )
    assert summary.people(report) == [summary.Person(Owner("Ann", "A@x.example", "@ann"), (reports.STG,), ("model.a",), ("exposure.e",), ("meta", "group"))]


def test_namesakes_with_other_addresses_are_other_people() -> None:
    report = with_people(
        (NodeOwner(Owner("Ann", "a@x.example"), ("m",), "", failing=False), NodeOwner(Owner("Ann", "b@x.example"), ("m",), "", failing=False)), ()
    )
    assert len(summary.people(report)) == 2


@pytest.mark.parametrize(
    ("parts", "limit", "shown"),
    [([], 0, ""), (["a"], 0, "a"), (["a", "b"], 2, "a and b"), (["a", "b", "c"], 0, "a, b and c"), (["a", "b", "c", "d"], 2, "a, b and 2 more")],
)
def test_listing(parts: list[str], limit: int, shown: str) -> None:
    assert summary.listing(parts, limit) == shown


def test_verdicts() -> None:
    assert summary.verdict(reports.realistic()) == (
        "stg_orders (data-quality, P1): 6 tables, 1 dashboard, 1 other exposure, 1 automation and 4 people or teams are affected."
    )
    assert summary.verdict(reports.empty()) == "exposure.shop.x (stale-data, P3): nothing else is affected."
    one = msgspec.structs.replace(reports.empty().assessment, tables=("model.x",))
    assert summary.verdict(msgspec.structs.replace(reports.empty(), assessment=one)).endswith("1 table is affected.")


@pytest.mark.parametrize(
    ("site", "kind", "link"),
    [
        ("https://d.example", "model", "https://d.example/#!/model/m.x"),
        ("https://d.example/dbt/", "source", "https://d.example/dbt/#!/source/m.x"),
        ("https://d.example/index.html#!/overview", "metric", "https://d.example/index.html#!/metric/m.x"),
        ("https://d.example", "function", ""),
        ("file:///docs", "model", ""),
        ("", "model", ""),
    ],
)
def test_docs_links(site: str, kind: str, link: str) -> None:
    assert summary.docs_link(msgspec.structs.replace(reports.realistic(), docs_url=site), "m.x", kind) == link


@pytest.mark.parametrize(
    ("made", "asked", "age"),
    [
        ("2026-11-02T08:00:00.123Z", "2026-11-02T08:41:00Z", " (41 min old)"),
        ("2026-11-02T06:40:00", "2026-11-02T08:41:00+00:00", " (2 h old)"),
        ("2026-10-30T06:40:00Z", "2026-11-02T08:41:00Z", " (3 days old)"),
        ("2026-11-02T09:40:00Z", "2026-11-02T08:41:00Z", " (from the future)"),
        ("yesterday", "2026-11-02T08:41:00Z", ""),
        ("", "", ""),
    ],
)
def test_ages(made: str, asked: str, age: str) -> None:
    report = msgspec.structs.replace(reports.realistic(), files=(ArtifactFile("manifest", "m", made),), read_at=asked)
    assert summary.files_read(report) == f"manifest of {summary.seconds(made) or 'unknown time'}{age}"


def test_files_that_are_missing_are_named() -> None:
    assert summary.files_read(reports.realistic()).endswith("; no sources and no catalog")
    assert summary.files_read(reports.empty()) == "no file"


def test_long_routes_keep_their_ends() -> None:
    report = reports.realistic()
    item = msgspec.structs.replace(reports.AFFECTED[0], path=("a", "b", "c", "d", "e", "x"))
    assert summary.route(report, item, 3) == ["a", "…", "e"]
    assert summary.route(report, item, 4) == ["a", "…", "d", "e"]
    assert summary.route(report, item, 0) == ["a", "b", "c", "d", "e"]


def test_what_a_hidden_consumer_says_is_not_said_again() -> None:
    report = reports.realistic()
    assert [summary.hidden_words(report, item) for item in summary.hidden(report)] == [
        "writes shop.exports.revenue_by_day (export of a saved query)",
        "dim_customers.v2 is public: other projects may read it",
    ]
    declared = HiddenConsumer("declared", reports.FCT, "A spreadsheet")
    assert summary.hidden_words(report, declared) == "A spreadsheet (declared in aftershock.yml; through fct_orders)"
    assert summary.hidden_words(report, HiddenConsumer("same_relation", reports.FCT, "A twin")) == "A twin (through fct_orders)"


def test_what_the_answer_rests_on_is_the_first_caveat_and_nothing_is_said_twice() -> None:
    report = reports.realistic()
    note = report.assessment.radius.seeds[0].note
    repeated = (note, "Not looked up.", f"stg_orders: {note}", "Not looked up.")
    found = summary.caveats(msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, notes=repeated)))
    assert found[:3] == ["Not looked up.", f"stg_orders: {note}", report.recovery.notes[0]]
    assert len(found) == len(set(found))


def test_a_node_with_two_failing_tests_is_named_once() -> None:
    report = reports.realistic()
    radius = msgspec.structs.replace(report.assessment.radius, seeds=(Seed(reports.STG, "test.a"), Seed(reports.STG, "test.b")))
    report = msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, radius=radius))
    assert summary.verdict(report).startswith("stg_orders (")


def test_a_person_known_by_two_addresses_is_one_person() -> None:
    ann = Owner("Ann", "ann@x.example", "@ann")
    report = with_people((NodeOwner(ann, (reports.STG,), "meta", failing=True),), (Consumer(Owner(slack="@ann"), ("exposure.x",)),))
    assert [(person.owner, person.exposures) for person in summary.people(report)] == [(ann, ("exposure.x",))]
