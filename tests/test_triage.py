"""One question, from names to a report."""

from __future__ import annotations

import pytest

from aftershock.errors import UnknownName, UsageError
from aftershock.model import Artifacts, Catalog, CatalogTable, Node, Project, ProjectInfo, Severity
from aftershock.triage import assess, find

STG = "model.shop.stg"


def artifacts(*nodes: Node) -> Artifacts:
    return Artifacts(Project(ProjectInfo("shop"), {node.unique_id: node for node in nodes}))


TWINS = artifacts(
    Node("model.shop.stg", "model", "stg", "shop", fqn=("shop", "stg")),
    Node("model.shop.ltv", "model", "ltv", "shop", fqn=("shop", "ltv"), parents=(STG,)),
    Node("model.extras.ltv", "model", "ltv", "extras", fqn=("extras", "ltv"), parents=(STG,)),
    Node("exposure.shop.ltv", "exposure", "ltv", "shop", parents=("model.shop.ltv",)),
)


def test_names_that_look_alike_are_told_apart() -> None:
    labels = assess(TWINS, "stg", "data-quality").labels
    assert labels == {
        STG: "stg",
        "model.shop.ltv": "shop.ltv",
        "model.extras.ltv": "extras.ltv",
        "exposure.shop.ltv": "exposure ltv",
    }


def test_a_table_keeps_its_name_before_what_is_named_after_it() -> None:
    orders = Node("model.shop.orders", "model", "orders", "shop", fqn=("shop", "orders"))
    semantic = Node("semantic_model.shop.orders", "semantic_model", "orders", "shop", parents=(orders.unique_id,))
    assert assess(artifacts(orders, semantic), orders.unique_id, "data-quality").labels == {
        orders.unique_id: "orders",
        semantic.unique_id: "semantic_model orders",
    }


def test_a_selector_gives_failing_nodes() -> None:
    assert find(TWINS, ["stg+"], ["package:extras", "resource_type:exposure"]) == ("model.shop.ltv", STG)
    with pytest.raises(UnknownName, match="selects no node"):
        find(TWINS, ["tag:none"])


def test_a_column_that_no_failing_node_has_is_refused_where_columns_are_known() -> None:
    catalog = Catalog(tables={STG: CatalogTable(STG, "table", {"amount": "int"})})
    with pytest.raises(UnknownName, match=r"stg has no such column\. Did you mean amount"):
        assess(TWINS, "stg", "data-quality", columns=["amuont"], catalog=catalog)
    assert assess(TWINS, "stg", "data-quality", columns=["AMOUNT"], catalog=catalog).assessment.notes
    assert assess(TWINS, "stg", "data-quality", columns=["amuont"]).assessment.notes, "nobody knows the columns"
    assert assess(TWINS, "stg", "schema-break", columns=["gone"], catalog=catalog).assessment.notes, "it may be gone already"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"severity": "P1"}, "an override needs a reason"),
        ({"severity": "P9", "reason": "because"}, "'P9' is no level"),
        ({"reason": "because"}, "it goes with --severity"),
        ({"since": "yesterday"}, "'yesterday' is not a time"),
        ({"since": "2026-03-01T06:06", "now": "2026-03-01T06:00"}, r"^--since: .* is after the incident was detected \(2026-03-01T06:00:00Z\)"),
        ({"since": "2026-03-01", "detected_at": "2026-02-28", "now": "2026-03-02"}, r"detected \(2026-02-28T00:00:00Z\)"),
        ({"detected_at": "2026-03-01T06:06", "now": "2026-03-01T06:00"}, "^--detected-at: 2026-03-01T06:06 is in the future"),
        ({"confirmed": False}, "^--unconfirmed: it is about a data loss, not data-quality. Use --category data-loss"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "2026-03-01 is not after --since 2026-03-02"),
    ],
)
def test_what_cannot_be_followed_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        assess(TWINS, "stg", "data-quality", **wrong)  # type: ignore[arg-type]  # texts, and one flag


def test_clocks_may_be_a_little_apart_and_an_end_may_be_to_come() -> None:
    found = assess(TWINS, "stg", "data-quality", since="2026-03-01T06:05", detected_at="2026-03-01T06:05", until="2999-01-01", now="2026-03-01T06:00")
    assert found.assessment.window.until == "2999-01-01T00:00:00Z"


def test_an_inferred_loss_says_where_it_starts() -> None:
    reasons = assess(TWINS, "stg", "data-loss", confirmed=False).assessment.severity.reasons
    assert "an inferred loss starts at P1 instead of P0" in [reason.evidence for reason in reasons]


def test_the_file_of_a_node_that_the_manifest_still_has_is_that_node_though_it_is_gone() -> None:
    kept = artifacts(Node("model.shop.old", "model", "old", "shop", path="models/old.sql"))
    found = assess(kept, ["models/old.sql", "docs/a.md"], "schema-break", skip_files=True)
    assert [seed.unique_id for seed in found.assessment.radius.seeds] == ["model.shop.old"]
    assert found.warnings == ("docs/a.md was left out: no node of the manifest is defined in this file.",)


def test_errors_say_what_to_do() -> None:
    catalog = Catalog(tables={STG: CatalogTable(STG, "table", {"amount": "int", "id": "int"})})
    with pytest.raises(UnknownName, match=r"stg has no such column\. Its columns begin with amount, id\."):
        assess(TWINS, "stg", "data-quality", columns=["zzz"], catalog=catalog)
    with pytest.raises(UnknownName, match=r"selects no node\. dbt ls lists what there is"):
        find(TWINS, ["tag:none"])
    with pytest.raises(UnknownName, match=r"no node has this name\. dbt ls lists the names"):
        assess(TWINS, "zzzzzz", "data-quality")


def test_an_override_keeps_what_the_policy_says() -> None:
    found = assess(TWINS, "stg", "data-quality", severity=Severity.P3, reason="known and harmless").assessment.severity
    assert (found.level, found.computed) == (Severity.P3, Severity.P1)


def test_an_unknown_category_names_the_six() -> None:
    with pytest.raises(UsageError, match="Use one of: data-quality, pipeline-failure"):
        assess(TWINS, "stg", "sabotage")
