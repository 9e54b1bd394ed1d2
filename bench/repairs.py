"""Does the plan repair the warehouse, and what does `dbt run --select X+ --full-refresh` do in its place?

    python bench/repairs.py                      every scenario, each command of a plan left out in turn; about an hour
    python bench/repairs.py --only bank.entries  some of them, printed
    python bench/repairs.py --quick              without leaving commands out

Warehouses and results are kept in --keep and used again on the same day; remove a scenario's `plan.json` there to plan it anew. A whole run writes
docs/reference/recovery-proof.md.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from repair.ledger_incidents import LEDGER_SCENARIOS  # noqa: E402
from repair.playing import Case, Outcome, unannounced  # noqa: E402
from repair.shop_incidents import SHOP_SCENARIOS  # noqa: E402
from repair.warm import warm_dbt  # noqa: E402
from repair.worlds import PlayError, Truth  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from repair.scenarios import Scenario

PAGE: Final = ROOT / "docs" / "reference" / "recovery-proof.md"
INTRODUCTION: Final = """\
# Does the plan repair the warehouse?

Two warehouses are built by dbt on DuckDB from the same start and get the same loads. One has an incident; when it is noticed, its cause is put right at
the source or in the code. Then `aftershock plan … --format sh` is run as it was printed, and every table and view is compared with the warehouse that never
had the incident, row by row, floats to six decimals, less the columns that hold the time of a run. Beside it stands what people type first,
`dbt run --select X+ --full-refresh`, from the same broken warehouse.

- **Repaired**: equal in every relation; *but for* counts the rows that nobody can bring back and that the plan announces.
- **Commands**: of dbt that write what the project builds, of all that the plan runs. **Needed**: of those, how many cannot be left out.
- **Nodes**: that are rebuilt; in brackets those that were right before.
- **Lost**: rows of stored tables that were right before and are gone. **Wrong**: relations that differ from the truth afterwards.

`bench/repairs.py` made this page.
"""
HEAD: Final = ("incident", "repaired", "commands", "needed", "nodes", "naive: nodes", "naive: lost", "naive: wrong")


class Row(NamedTuple):
    """One scenario's figures, as they are kept between runs."""

    name: str
    category: str
    repaired: str
    changing: int
    commands: int
    needed: int | None
    rebuilt: int
    needless: int
    naive_rebuilt: int
    naive_needless: int
    naive_lost: int
    naive_wrong: int
    said: str

    def cells(self) -> tuple[str, ...]:
        """One line of the table."""
        needed = "not tried" if self.needed is None else f"{self.needed} of {self.changing}"
        naive = f"{self.naive_rebuilt} ({self.naive_needless})"
        return (
            f"{self.name}: {self.category}",
            self.repaired,
            f"{self.changing} of {self.commands}",
            needed,
            f"{self.rebuilt} ({self.needless})",
            naive,
            str(self.naive_lost),
            str(self.naive_wrong),
        )


def judge(case: Case, keep: Path, *, leave_out: bool) -> Row:
    """Play the plan and the naive command of one case."""
    naive = _kept(keep / "naive.json", lambda: _figures(case.naive()))
    plan = case.plan()
    outcome = case.repair(plan)
    bad = unannounced(outcome, case.scenario, plan)
    places = case.data_changing(outcome)
    needed = None
    if leave_out and not outcome.code and not bad:
        needed = sum(bool(unannounced(case.repair(plan, without=place), case.scenario, plan)) for place in places)
    rest = sum(found.missing for found in outcome.different.values())
    verdict = "yes" + (f", but for {rest} rows" if outcome.different else "")
    if outcome.code or bad:
        verdict = f"no: stopped with {outcome.code}" if outcome.code else f"no: {len(bad)} relations differ"
    said = "" if not (outcome.code or bad) else "\n".join([*(f"{relation}: {found}" for relation, found in bad.items()), *outcome.said.splitlines()[-12:]])
    own = _figures(outcome)
    return Row(
        case.scenario.name, case.scenario.category, verdict, len(places), len(outcome.commands), needed, own["rebuilt"], own["needless"],
        naive["rebuilt"], naive["needless"], naive["lost"], naive["wrong"], said,
    )  # fmt: skip


def page(rows: Iterable[Row]) -> str:
    """The whole page."""
    cells = [HEAD, tuple("---" for _ in HEAD), *(row.cells() for row in rows)]
    return "\n".join((INTRODUCTION, *(f"| {' | '.join(line)} |" for line in cells), ""))


def _figures(outcome: Outcome) -> dict[str, int]:
    return {"rebuilt": len(outcome.rebuilt), "needless": len(outcome.needless), "lost": sum(outcome.lost.values()), "wrong": len(outcome.different)}


def _kept(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a file holds, or what is made and then held there."""
    if not path.exists():
        path.write_text(json.dumps(make()), "utf-8")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _play(scenarios: Sequence[Scenario], keep: Path, *, leave_out: bool) -> list[Row]:
    truths: dict[str, Truth] = {}
    rows = []
    with warm_dbt() as dbt:
        for scenario in scenarios:
            name = scenario.world.name
            if name not in truths:
                truths[name] = Truth(scenario.world, dbt, keep)
            folder = keep / re.sub(r"\W+", "-", f"{name} {scenario.name}")
            folder.mkdir(exist_ok=True)
            try:
                made = _kept(folder / "plan.json", lambda: judge(Case(truths[name], scenario, folder), folder, leave_out=leave_out)._asdict())  # noqa: B023  # called at once
            except (PlayError, RuntimeError) as error:
                print(f"{scenario.name}: {error}", file=sys.stderr)
                continue
            rows.append(Row(**made))
            print(" | ".join(rows[-1].cells()), rows[-1].said, sep="\n", flush=True)
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Play what the command line asks for; return 0, or 1 where a warehouse is not repaired."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="PATTERN", help="scenarios whose name this finds")
    parser.add_argument("--quick", action="store_true", help="leave no command out")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir(), "aftershock-repairs"))
    given = parser.parse_args(argv)
    given.keep.mkdir(parents=True, exist_ok=True)
    chosen = [scenario for scenario in (*SHOP_SCENARIOS, *LEDGER_SCENARIOS) if re.search(given.only, scenario.name)]
    rows = _play(chosen, given.keep, leave_out=not given.quick)
    if not given.only:
        PAGE.write_text(page(rows), "utf-8")
    return int(len(rows) < len(chosen) or any(row.repaired.startswith("no") for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
