"""Reports to render: a realistic one, an empty one, one with 500 nodes, and one whose every string is given."""

# ruff: noqa: FBT003, RUF001  # frozen values are written in the order of their fields; hostile text looks like other text
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from hypothesis import strategies as st

from aftershock.model import (
    Affected,
    ArtifactFile,
    Assessment,
    BlastRadius,
    Category,
    ChecklistItem,
    Consumer,
    Dashboard,
    Deadline,
    Effect,
    HiddenConsumer,
    Impact,
    NodeOwner,
    Owner,
    Phase,
    ProjectInfo,
    Reason,
    RecoveryPlan,
    Report,
    Seed,
    Severity,
    Step,
    Verdict,
    Window,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STG = "model.shop.stg_orders"
ITEMS = "model.shop.int_order_items"
FCT = "model.shop.fct_orders"
DAILY = "model.shop.fct_orders_daily"
CUSTOMERS = "model.shop.dim_customers.v2"
SNAPSHOT = "snapshot.shop.orders_snapshot"
SEMANTIC = "semantic_model.shop.orders"
METRIC = "metric.shop.revenue"
WEEKLY = "exposure.shop.weekly_revenue"
NOTEBOOK = "exposure.shop.cohort_notebook"
QUERY = "saved_query.shop.revenue_by_day"
APP = "exposure.shop.orders_app"

LABELS = {
    STG: "stg_orders",
    ITEMS: "int_order_items",
    FCT: "fct_orders",
    DAILY: "fct_orders_daily",
    CUSTOMERS: "dim_customers.v2",
    SNAPSHOT: "orders_snapshot",
    SEMANTIC: "orders",
    METRIC: "revenue",
    WEEKLY: "Weekly revenue",
    NOTEBOOK: "Cohort notebook",
    APP: "Orders app",
    QUERY: "revenue_by_day",
}
ANA = Owner("Ana Ruiz", "ana@example.com", "@ana")
GROWTH = Owner("Growth team", "growth@example.com")
FINANCE = Owner("Finance", "", "#finance-data")
PLATFORM = Owner("Data platform", "platform@example.com")
WRONG = (Effect.WRONG,)


def node(unique_id: str, depth: int, path: tuple[str, ...], effects: tuple[Effect, ...] = WRONG, columns: tuple[str, ...] = ()) -> Affected:
    kind, _, name, *_ = unique_id.split(".")
    relation = f'"shop"."main"."{name}"' if kind in {"model", "snapshot"} else ""
    return Affected(unique_id, kind, name, relation, depth, (*path, unique_id), effects, "column" if columns else "node", columns)


AFFECTED = (
    node(STG, 0, ()),
    node(ITEMS, 1, (STG,), columns=("amount", "discount")),
    node(SNAPSHOT, 1, (STG,)),
    node(CUSTOMERS, 2, (STG, ITEMS)),
    node(FCT, 2, (STG, ITEMS), columns=("amount",)),
    node(DAILY, 3, (STG, ITEMS, FCT), (Effect.WRONG, Effect.STALE)),
    node(SEMANTIC, 3, (STG, ITEMS, FCT)),
    node(NOTEBOOK, 3, (STG, ITEMS, CUSTOMERS)),
    node(APP, 3, (STG, ITEMS, FCT)),
    node(METRIC, 4, (STG, ITEMS, FCT, SEMANTIC)),
    node(WEEKLY, 4, (STG, ITEMS, FCT, DAILY)),
)
DASHBOARDS = (
    Dashboard(WEEKLY, "Weekly revenue", "dashboard", False, "high", "https://bi.example.com/dashboards/42?tab=revenue", (FINANCE,), WRONG, (STG, ITEMS, FCT, DAILY, WEEKLY)),
    Dashboard(NOTEBOOK, "Cohort notebook", "notebook", False, "", "", (), WRONG, (STG, ITEMS, CUSTOMERS, NOTEBOOK)),
    Dashboard(APP, "Orders app", "application", True, "medium", "https://shop.example.com/orders", (GROWTH,), WRONG, (STG, ITEMS, FCT, APP)),
)  # fmt: skip
VERDICT = Verdict(
    Severity.P1,
    Severity.P1,
    "P1",
    (
        Reason("start", "start", "Data Quality starts at P1"),
        Reason("never-p0-by-count", "cap", "6 affected tables alone never make a P0"),
    ),
    "medium",
    ("the maturity of 1 exposure", "the target of the last run"),
)
PLAN = RecoveryPlan(
    (
        Phase(
            "gate",
            (
                Step("gate", (STG,), "Fix the cause of the wrong values before anything is rebuilt.", who="Ana Ruiz <ana@example.com> @ana"),
                Step(
                    "gate",
                    (SNAPSHOT,),
                    "Hold the job that runs this snapshot: it would record wrong rows.",
                    "Versions that change while it is held are never recorded.",
                    who="Data platform <platform@example.com>",
                ),
            ),
        ),
        Phase(
            "plain",
            (Step("run", (STG, ITEMS, CUSTOMERS), "Rebuild what holds wrong values.", "", ("dbt", "run", "--select", "stg_orders", "int_order_items", "dim_customers.v2")),),
        ),
        Phase(
            "full-refresh",
            (
                Step(
                    "full-refresh",
                    (FCT,),
                    "It is incremental: a plain run keeps the wrong rows.",
                    "Rows that the source no longer holds.",
                    ("dbt", "run", "--full-refresh", "--select", "fqn:shop.marts.fct_orders,package:shop,file:fct_orders.sql"),
                ),
            ),
        ),
        Phase("plain", (Step("run", (DAILY,), "It reads fct_orders.", argv=("dbt", "run", "--select", "fct_orders_daily")),)),
        Phase("verify", (Step("test", (STG, FCT), "Prove that the values are right.", argv=("dbt", "test", "--select", "stg_orders", "fct_orders")),)),
    ),
    notes=("The first wrong load is not known: give --since to narrow what is rebuilt.",),
)  # fmt: skip
CHECKLIST = (
    ChecklistItem("Affected tables", "done", "6 tables hold wrong values", ("stg_orders", "int_order_items", "fct_orders")),
    ChecklistItem("Affected dashboards", "done", "2 dashboards or reports, 1 automation", ("Weekly revenue", "Cohort notebook", "Orders app")),
    ChecklistItem("Affected stakeholders", "done", "2 consumers, 3 owners", (ANA.label, FINANCE.label)),
    ChecklistItem("Financial impact", "done", "yes", ("fct_orders is tagged finance",)),
    ChecklistItem("Regulatory impact", "open", "unknown", ("column email is marked pii",), "Ask Ana Ruiz: is compliance data among it?"),
    ChecklistItem("Customer-facing", "done", "yes", ("Orders app is an application",)),
    ChecklistItem("Blast radius", "done", "10 nodes below, 4 of them models, up to 4 levels down"),
    ChecklistItem("Recovery estimate", "open", "5 nodes to rebuild, no timings of earlier runs", (), "Ask Ana Ruiz how long the cause takes to fix."),
)
FILES = (
    ArtifactFile("manifest", "target/manifest.json", "2026-11-02T06:40:12.345678Z", "a1", "1.11.16", "build"),
    ArtifactFile("run_results", "target/run_results.json", "2026-11-02T06:41:00Z", "a1", "1.11.16", "build"),
    ArtifactFile("sources"),
    ArtifactFile("catalog"),
)


def realistic() -> Report:
    assessment = Assessment(
        radius=BlastRadius(
            Category.DATA_QUALITY,
            (Seed(STG, "test.shop.accepted_values_stg_orders_status", "the test accepted_values_stg_orders_status stands for it"),),
            AFFECTED,
            (
                HiddenConsumer("export", QUERY, "writes shop.exports.revenue_by_day", (FCT,)),
                HiddenConsumer("public_model", CUSTOMERS, "dim_customers.v2 is public: other projects may read it"),
            ),
            ("test.shop.unique_fct_orders_id",),
        ),
        severity=VERDICT,
        tables=(STG, ITEMS, SNAPSHOT, CUSTOMERS, FCT, DAILY),
        dashboards=DASHBOARDS,
        metrics=(METRIC,),
        consumers=(Consumer(FINANCE, (WEEKLY,)), Consumer(Owner("", "growth@example.com"), (APP,))),
        owners=(
            NodeOwner(GROWTH, (CUSTOMERS,), "group growth", False),
            NodeOwner(ANA, (STG, ITEMS, FCT), "meta.owner", True),
            NodeOwner(PLATFORM, (SNAPSHOT,), "aftershock.yml", False),
        ),
        unowned=(DAILY,),
        financial=Impact("yes", ("fct_orders is tagged finance",)),
        regulatory=Impact("unknown"),
        customer_facing=Impact("yes", ("Orders app is an application",)),
        window=Window("2026-11-01T00:00:00Z"),
        detected_at="2026-11-02T08:40:00Z",
        deadlines=(Deadline("initial notification", "2026-11-02T08:55:00Z"), Deadline("impact checklist", "2026-11-02T09:10:00Z")),
        notes=("1 of 4 models was narrowed by column.",),
    )
    project = ProjectInfo("shop", "1.11.16", "duckdb", 12, "2026-11-02T06:40:12.345678Z", "a1", True)
    warnings = ("run_results.json is of another invocation than manifest.json.",)
    return Report(assessment, PLAN, CHECKLIST, project, FILES, warnings, LABELS, "2026-11-02T08:41:00Z", "https://docs.example.com/dbt/")


def empty() -> Report:
    """One failing node, nothing below it, nothing known."""
    unknown = Impact("unknown")
    assessment = Assessment(
        BlastRadius(Category.STALE_DATA, (Seed("exposure.shop.x"),), (node("exposure.shop.x", 0, (), ()),)),
        Verdict(Severity.P3, Severity.P2, "P1-P2", (Reason("override", "override", "it is a test project", "exposure.shop.x"),), "low"),
        (), (), (), (), (), (), unknown, unknown, unknown, Window(), "", (),
    )  # fmt: skip
    return Report(assessment, RecoveryPlan(()), (), ProjectInfo(), (), (), {}, "")


def large(number: int = 500, steps: int = 14, selected: int = 4) -> Report:
    """``number`` affected nodes, a tenth of them exposures, and as many steps, each selecting ``selected`` models."""
    base = realistic()
    models = [f"model.shop.int_{at:03d}_with_a_rather_long_name_of_its_own" for at in range(number * 9 // 10)]
    boards = [f"exposure.shop.board_{at:03d}" for at in range(number - len(models) - 1)]
    affected = [node(STG, 0, ())]
    for at, unique_id in enumerate(models):
        parent = affected[max(0, (at - 1) // 2 + 1)] if at else affected[0]
        affected.append(node(unique_id, parent.depth + 1, parent.path, (Effect.WRONG, Effect.DUPLICATED_ROWS)))
    owners = [Owner(f"Team number {at}", f"team{at}@example.com", f"@team{at}") for at in range(40)]
    shown = []
    for at, unique_id in enumerate(boards):
        above = affected[at * 7 + 1]
        affected.append(node(unique_id, above.depth + 1, above.path))
        url = f"https://bi.example.com/workspaces/analytics/dashboards/{at:04d}?period=last_30_days&currency=EUR"
        kind = ("dashboard", "ml", "notebook")[at % 3]
        shown.append(Dashboard(unique_id, f"Board {at}", kind, kind == "ml", "high", url, (owners[at % 40],), WRONG, affected[-1].path))
    evidence = " and ".join(f"reason {at}" for at in range(60))
    plan = RecoveryPlan(
        tuple(
            Phase("plain", (Step("run", tuple(models[:selected]), f"Reason {at}: {evidence}.", "It destroys. " * 3, ("dbt", "run", "--select", *(name.split(".")[2] for name in models[:selected]))),))
            for at in range(steps)
        ),
        notes=tuple(f"Note {at}." for at in range(30)),
    )  # fmt: skip
    assessment = Assessment(
        BlastRadius(
            Category.DUPLICATE_LOAD,
            tuple(Seed(name) for name in (STG, *models[:5])),
            tuple(affected),
            tuple(HiddenConsumer("public_model", name, f"{name} {evidence}") for name in models[:20]),
        ),
        Verdict(Severity.P0, Severity.P1, "P1", tuple(Reason("r", "raise", evidence, name) for name in models[:30]), "low", tuple(f"the owner of {name}" for name in models[:40])),
        (STG, *models),
        tuple(shown),
        (),
        tuple(Consumer(owner, tuple(boards[:20])) for owner in owners[20:]),
        tuple(NodeOwner(owner, tuple(models[:60]), evidence, at < 2) for at, owner in enumerate(owners[:30])),
        tuple(models[100:]),
        Impact("yes", (evidence,)),
        Impact("no"),
        Impact("unknown"),
        Window("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
        "2026-11-02T08:40:00Z",
        tuple(Deadline(f"thing {at}", "2026-11-02T08:55:00Z") for at in range(9)),
        (evidence,),
    )  # fmt: skip
    labels = {item.unique_id: item.name for item in affected}
    return Report(assessment, plan, base.checklist, base.project, base.files, (evidence, evidence), labels, base.read_at, base.docs_url)


_STATES: tuple[tuple[str, Literal["done", "open"]], ...] = (("Affected tables", "done"), ("Financial impact", "open"))


def hostile(say: Callable[[], str]) -> Report:
    """A small report in which every string that an artifact or a person can set is what ``say`` returns."""
    ids = [f"{kind}.{say()}" for kind in ("model", "model", "metric", "exposure", "exposure")]
    owners = [Owner(say(), say(), say()) for _ in range(2)]
    affected = tuple(
        Affected(unique_id, kind, say(), say(), depth, tuple(ids[: depth + 1]), WRONG, "column", (say(), say()))
        for depth, (unique_id, kind) in enumerate(zip(ids, ("model", "model", "metric", "exposure", say()), strict=True))
    )
    boards = tuple(Dashboard(unique_id, say(), say(), at == 1, say(), say(), (owners[at],), WRONG, tuple(ids)) for at, unique_id in enumerate(ids[3:]))
    assessment = Assessment(
        BlastRadius(Category.DATA_LOSS, (Seed(ids[0], say(), say()),), affected, (HiddenConsumer("declared", ids[1], say(), (say(),)),), (say(),)),
        Verdict(Severity.P0, Severity.P1, say(), (Reason(say(), "raise", say(), ids[0]), Reason(say(), "start", say())), "low", (say(),)),
        (ids[0], ids[1]), boards, (ids[2],), (Consumer(owners[0], (ids[3],)),), (NodeOwner(owners[1], (ids[0], ids[1]), say(), True),), (ids[1],),
        Impact("yes", (say(),)), Impact("no", (say(),)), Impact("unknown", (say(),)), Window(say(), say()), say(), (Deadline(say(), say()),), (say(),),
    )  # fmt: skip
    plan = RecoveryPlan(
        (
            Phase("gate", (Step("gate", (ids[0],), say(), say(), (), say()),)),
            Phase("plain", (Step("run", (ids[0], ids[1]), say(), say(), ("dbt", "run", "--select", say(), say()), say()),)),
        ),
        (ids[2],),
        (say(),),
    )
    checklist = tuple(ChecklistItem(title, status, say(), (say(), say()), say()) for title, status in _STATES)
    files = (ArtifactFile("manifest", say() or "m", say(), say(), say(), say()), ArtifactFile("catalog"))
    project = ProjectInfo(say(), say(), say(), 12, say(), say())
    return Report(assessment, plan, checklist, project, files, (say(),), {unique_id: say() for unique_id in ids[:4]}, say(), say())


SGR = re.compile(r"\x1b\[[\d;]*m")

ATTACKS = (
    "\x1b[2J\x1b]0;owned\x07name",
    "@everyone <!channel> <@U123> @channel",
    "<script>alert(1)</script><img src=x onerror=y>",
    "`code` ``more`` ```\n## Heading\n- [x] **Affected tables:** none",
    "a | b \\| c || d",
    "[click](javascript:alert(1)) ![i](https://evil.example/x.png) <https://evil.example>",
    "javascript:alert(1)",
    'https://evil.example/a)b](c)"><script>|`',
    "safe\u202egnp.exe\u2066\u200b\u00ad\ufeff",
    "$(rm -rf ~) `id` ; echo 'x' \"y\" && z",
    "it's\nover\ttwo\r\nlines",
    '%%{init: {"theme": "dark"}}%% #quot; end"] --> x["',
    '\\N \\" ]; evil -> node; //',
    "1. first",
    "- item",
    "# heading #12 GH-3",
    "***bold*** __under__ ~~gone~~ $x$",
    "\udc80\ud800 lone",
    "名前\u0301 Ｗide",
    "\x9b31mC1 \x7f",
    "",
)
"""Texts that move cursors, mention people, open HTML, close fences, cells, quotes and links, or look like Markdown's own structure."""


class Voice:
    """Says the given texts in turn, for ever."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.said = 0

    def __call__(self) -> str:
        self.said += 1
        return self.texts[(self.said - 1) % len(self.texts)]

    def __repr__(self) -> str:
        return f"Voice({self.texts!r})"


VOICES = st.lists(st.one_of(st.text(max_size=30), st.sampled_from(ATTACKS)), min_size=1, max_size=9).map(Voice)
