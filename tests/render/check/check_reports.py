"""Reports of a check, built by hand: nothing, one realistic pull request, a large one, and one whose every text is hostile."""

from __future__ import annotations

from typing import get_args, get_type_hints

from msgspec.structs import replace

from aftershock.model import ArtifactFile, Consumer, Dashboard, Effect, HiddenConsumer, NodeOwner, Owner, ProjectInfo, Reason, Severity, Verdict
from aftershock.model.changes import Change, ChangeImpact, CheckCoverage, CheckReport, Reached, Repair
from aftershock.model.columns import ColumnStep

REPAIRS = get_args(get_type_hints(Repair)["kind"])
NO_IMPACT = ChangeImpact((), (), {}, (), (), (), (), (), (), (), ())
PROJECT = ProjectInfo("shop", "1.11.0", "duckdb", 12, "2026-03-01T06:00:00.5Z", "one", has_compiled_sql=True)
READ_AT = "2026-03-01T08:00:00Z"
GROWTH = Owner("Growth team", "growth@example.com", "@growth")
FINANCE = Owner("Finance", "finance@example.com")
EVE = Owner("Eve", "eve@example.com")


def report(*changes: Change, impact: ChangeImpact = NO_IMPACT, **more: object) -> CheckReport:
    """A report of these changes, about which nothing else is to be said."""
    files = (ArtifactFile("manifest", "prod/manifest.json", PROJECT.generated_at), ArtifactFile("manifest", "target/manifest.json", PROJECT.generated_at))
    labels = {unique_id: unique_id.split(".")[-1] for unique_id in [change.unique_id for change in changes]}
    whole = CheckReport(changes, impact, None, (), "breaking", CheckCoverage(len(changes), len(changes), {}), (), PROJECT, PROJECT, files, (), labels, READ_AT)
    return replace(whole, **more)


def nothing() -> CheckReport:
    """The same project twice."""
    return report()


def removed(**more: object) -> Change:
    """A column that a reader needs is gone."""
    change = Change(
        "model.shop.stg_orders", "column-removed", "breaking", "certain", "fct_orders reads it, and it is gone", "amount",
        path="models/staging/stg_orders.sql", line=7, fails=True,
    )  # fmt: skip
    return replace(change, **more)


def realistic() -> CheckReport:
    """A pull request that drops a column, changes a filter and does other things besides."""
    filtered = Change(
        "model.shop.int_orders",
        "rows-changed",
        "risky",
        "certain",
        "a filter was added, and every column's values follow",
        path="models/int_orders.sql",
        line=3,
    )
    retyped = Change(
        "model.shop.dim_customers", "column-retyped", "risky", "likely", "text does not hold every value", "age", "BIGINT", "INTEGER", "models/dim.sql", 4,
        acknowledged="ages are small", by="Ana <ana@example.com>", until="2026-12-31",
    )  # fmt: skip
    unread = Change("model.shop.py_scores", "sql-unread", "cannot-say", "unknown", "it is a Python model", path="models/py_scores.py", fails=True)
    added = Change("model.shop.stg_orders", "column-added", "safe", "certain", "nothing reads it yet", "currency", path="models/staging/stg_orders.sql")
    steps = (ColumnStep("model.shop.stg_orders", "amount", "DIRECT", "IDENTITY"), ColumnStep("model.shop.fct_orders", "amount"))
    impact = ChangeImpact(
        fails=("model.shop.fct_orders",),
        skipped=("model.shop.revenue",),
        loses_columns={"model.shop.orders_copy": ("amount",)},
        wrong=("model.shop.daily", "model.shop.weekly"),
        failing_tests=("test.shop.not_null_stg_orders_amount.1",),
        dashboards=(
            _board("board", "Weekly revenue", Effect.STALE, owners=(FINANCE,), url="https://bi.example.com/1"),
            _board("churn", "Churn | rate", Effect.WRONG, owners=(GROWTH, EVE), certainty="node"),
            _board("sync", "CRM sync", Effect.WRONG, type="application", automation=True),
        ),
        metrics=("metric.shop.revenue",),
        consumers=(Consumer(FINANCE, ("exposure.shop.board",)), Consumer(GROWTH, ("exposure.shop.churn",)), Consumer(EVE, ("exposure.shop.churn",))),
        owners=(NodeOwner(FINANCE, ("model.shop.revenue",), "group", failing=False), NodeOwner(Owner("Ops"), ("model.shop.daily",), "meta", failing=False)),
        hidden=(HiddenConsumer("public_model", "model.shop.revenue", "other projects may read revenue"),),
        proofs=(
            Reached("model.shop.fct_orders", 0, steps, "amount is not a column of stg_orders"),
            Reached("model.shop.orders_copy", 0, steps[:1]),
            Reached("model.shop.revenue", 0, (), "fct_orders fails"),
            Reached("model.shop.daily", 2, (), "", certain=True),
            Reached("model.shop.weekly", 1, (), "it reads what was not read", certain=False),
        ),
    )
    ids = ("fct_orders", "revenue", "orders_copy", "daily", "weekly")
    found = report(
        removed(), unread, filtered, retyped, added,
        impact=impact,
        severity=Verdict(
            Severity.P1, Severity.P1, "P1-P2", (Reason("raise-automation-exposure", "raise", "CRM sync acts by itself", "exposure.shop.sync"),), "high", ("owners",)
        ),
        repairs=(Repair("rows", ("model.shop.daily",), ("dbt", "run", "--full-refresh", "--select", "daily+")),),
        failed=("1 change is breaking.",),
        coverage=CheckCoverage(5, 4, {"model.shop.py_scores": "it is a Python model"}),
        policy_changes=("check.fail_on was breaking and becomes never.",),
        warnings=("The head's manifest is 30 h old.",),
    )  # fmt: skip
    labels = {f"model.shop.{name}": name for name in ids} | {
        "test.shop.not_null_stg_orders_amount.1": "not_null_stg_orders_amount",
        "metric.shop.revenue": "revenue",
    }
    return replace(found, labels={**found.labels, **labels})


def _board(name: str, label: str, effect: Effect, **more: object) -> Dashboard:
    unique_id = f"exposure.shop.{name}"
    whole = Dashboard(unique_id, label, "dashboard", False, "", "", (), (effect,), ("model.shop.stg_orders", unique_id), "column")  # noqa: FBT003  # its order
    return replace(whole, **more)


def large(number: int = 800) -> CheckReport:
    """So many changes, each with a failing reader, a dashboard and an owner of its own."""
    changes = tuple(removed(unique_id=f"model.shop.stg_{at:04}", column=f"column_{at}", path=f"models/stg_{at:04}.sql") for at in range(number))
    boards = tuple(_board(f"b{at}", f"Board number {at} of a large department", Effect.WRONG, owners=(Owner(f"Team {at}"),)) for at in range(number))
    readers = tuple(f"model.shop.fct_{at:04}" for at in range(number))
    impact = replace(
        NO_IMPACT,
        fails=readers,
        loses_columns={f"model.shop.copy_{at:04}": (f"column_{at}",) for at in range(number)},
        dashboards=boards,
        consumers=tuple(Consumer(item.owners[0], (item.unique_id,)) for item in boards),
        proofs=tuple(Reached(unique_id, at, (), f"column_{at} is not there") for at, unique_id in enumerate(readers)),
    )
    return report(*changes, impact=impact, failed=(f"{number} changes are breaking.",))


def spoken(words: str) -> CheckReport:
    """A report in which every text that comes from files or people is ``words``."""
    change = Change(f"model.shop.{words}", "column-removed", "breaking", "certain", words, words, words, words, words, 3, fails=True)
    accepted = replace(change, kind="values-changed", acknowledged=words or "x", by=words, fails=False, until="2026-12-31")
    owner = Owner(words, words, words)
    unique_id = change.unique_id
    board = Dashboard(f"exposure.{words}", words, words, False, words, words, (owner,), (Effect.WRONG,), (unique_id,), "column")  # noqa: FBT003  # its order
    impact = ChangeImpact(
        (unique_id,), (unique_id,), {unique_id: (words,)}, (unique_id,), (unique_id,), (board,), (unique_id,),
        (Consumer(owner, (board.unique_id,)),), (NodeOwner(owner, (unique_id,), words, failing=True),),
        (HiddenConsumer("declared", unique_id, words),), (Reached(unique_id, 0, (ColumnStep(unique_id, words), ColumnStep(words, words)), words),),
    )  # fmt: skip
    severity = Verdict(Severity.P0, Severity.P0, "P0", (Reason("raise-export", "raise", words, unique_id),), "low", (words,))
    info = ProjectInfo("shop", words, words, 12, words, words)
    repairs = tuple(Repair(kind, (unique_id,), ("dbt", "run", "--select", words), words, words) for kind in REPAIRS)
    return report(
        change, accepted,
        impact=impact, severity=severity, failed=("1 change is breaking.",), coverage=CheckCoverage(2, 1, {unique_id: words}), policy_changes=(words,),
        warnings=(words,), labels={unique_id: words}, repairs=repairs, base=info, head=info, files=(ArtifactFile("manifest", words, words),),
    )  # fmt: skip
