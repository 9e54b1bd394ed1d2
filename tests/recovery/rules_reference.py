"""docs/reference/recovery-rules.md, made from the table of rules itself.

Run `python tests/recovery/rules_reference.py` to write it again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aftershock.model import Category
from aftershock.recovery.actions import ACTIONS, SCRIPTED
from aftershock.recovery.rules import RULES

if TYPE_CHECKING:
    from aftershock.recovery.rules import Rule

FILE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "recovery-rules.md"

HEAD = """\
# Recovery: the rules

What `aftershock plan` does with each affected node. Rows are read from the top: the first whose shape and facts fit a node in the incident's category decides.
`python tests/recovery/rules_reference.py` writes this page from the table that the program itself uses.

**Shapes.** `keyed`, `append` and `overwrite` are incremental models that replace rows by a unique key, only add rows, or replace whole partitions;
`microbatch` is dbt's strategy of that name; `custom-incremental` and `custom` are strategies and materializations whose working is not known;
`refreshed` the warehouse keeps up itself (materialized views, dynamic tables); `foreign` belongs to another project; `semantic` are metrics, semantic models
and saved queries without an export.

**Facts.** `failing`: a person named it. `confirmed`: the loss is (no `--unconfirmed`). `errored`, `not-run`, `built`: failed, was skipped, was built by the
last run. `unrun`: not built since the data became bad. `blocked`, `forced`: `full_refresh: false`, `true`. `window`: a microbatch model, and the bad time is
known. `backfill`: its SQL selects from a project variable on, and the bad time is known. `timed`: the bad time is known, and by which column its rows have a
time: `event_time`, or the column whose newest value its own filter starts from. `key`: a unique key or a tested primary key tells rows apart. `takes-all`: each run
selects everything. `sync`: `on_schema_change: sync_all_columns`. `replaces`: all rows of a key are deleted before it is inserted. `closes`: a snapshot with
`hard_deletes` invalidate or new_record. `dropped`: replacing a table upstream drops it (Postgres, Redshift). `merges`: microbatch merges by key (Postgres).
`own-code`: its SQL, as the artifacts of the failing run have it, may be what was wrong. `reselects`: a run takes a window again once its rows are deleted.

**Signs.** *copied*: the plan first copies the relation beside it, in the warehouse. *guarded*: a query must first show that no row is lost, and fails the step
otherwise. *counted*: only a count proves it afterwards.
"""

WHAT = {
    "gate": "a person repairs it first",
    "restore": "a person restores it",
    "seed": "`dbt seed`",
    "seed-header": "`dbt seed --full-refresh`",
    "build": "`dbt build --resource-type function`",
    "run": "`dbt run`",
    "snapshot": "`dbt snapshot`",
    "full-refresh": "`dbt run --full-refresh`",
    "window": "`dbt run --event-time-start … --event-time-end …`",
    "backfill": "`dbt run --vars …`",
    "fill-window": "a person gives the window",
    "delete-window": "SQL: delete the window's rows",
    "replace-window": "SQL: delete and insert the window",
    "replace-keys": "SQL: replace rows by key",
    "insert-missing": "SQL: insert the rows whose key is missing",
    "replace-all": "SQL: delete and insert all rows",
    "dedupe": "SQL: keep one of the rows that are alike",
    "remove-versions": "SQL: delete bad versions, reopen the ones before",
    "reopen-versions": "SQL: reopen the versions that were closed",
    "dedupe-versions": "SQL: keep one version of a key and time",
    "sql": "a person, with SQL",
    "ask": "a person",
    "export": "a person writes it again",
    "confirm": "a person confirms",
    "leave": "nothing",
}


def reference() -> str:
    """The whole page."""
    assert set(WHAT) == {*ACTIONS, "leave"}
    assert all(WHAT[action].startswith("SQL") for action in SCRIPTED)
    sections = "".join(
        f"\n## {category.facts.title}\n\n| shapes | where | what | why | could destroy |\n|---|---|---|---|---|\n"
        + "".join(_row(rule) for rule in RULES if category in rule.categories)
        for category in Category
    )
    return HEAD + sections


def _row(rule: Rule) -> str:
    signs = [word for word, holds in (("copied", rule.copy), ("guarded", rule.guard), ("counted", rule.count)) if holds]
    then = f", then {WHAT[rule.after]}" if rule.after else ""
    what = f"{WHAT[rule.action]}{then}" + (f" (*{', '.join(signs)}*)" if signs else "")
    return f"| {', '.join(sorted(rule.shapes))} | {', '.join(sorted(rule.given)) or 'always'} | {what} | {rule.why} | {rule.destroys or 'nothing'} |\n"


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
