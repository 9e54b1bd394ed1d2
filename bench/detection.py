"""Does detect name what was really broken?

    python bench/detection.py                     the fixtures, and failures that dbt plays on the shop now; a few minutes
    python bench/detection.py --only "unit test"  some of the played ones
    python bench/detection.py --keep DIR          played runs are kept there, and used again
    python bench/detection.py --real DIR          sets of real artifacts too, one directory each

Prints one line for each run: whether all roots are right (nothing missed, nothing found twice or besides), whether the first category is, and whether the
true one is among the first two. Of the real sets those that dbt finished without a failure must find nothing; the others are printed, to be read.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "detect")]

from detect_played import PLAYED, Played, Truth, base, compared, play, scenarios  # noqa: E402

from aftershock.artifacts import read_artifacts, read_catalog  # noqa: E402
from aftershock.detect import detect  # noqa: E402
from aftershock.detect.looking import is_bad  # noqa: E402
from aftershock.errors import ArtifactError  # noqa: E402
from repair.warm import warm_dbt  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.model.detection import Detection

FIXTURES: Final = ROOT / "fixtures" / "artifacts"
FIXED: Final = (
    Played("green", "Everything passes.", ()),
    Played("model_error", "stg_orders reads a column that its source does not have.", (Truth("schema-break", ("stg_orders",)),)),
    Played(
        "test_failures",
        "Duplicates, nulls, unknown values, orphans, and two thirds missing.",
        (
            Truth("duplicate-load", ("stg_orders",)),
            Truth("data-quality", ("stg_orders",)),
            Truth("data-quality", ("stg_order_items",)),
            Truth("data-quality", ("stg_payments",)),
            Truth("data-loss", ("stg_events",)),
            Truth("data-quality", ("stg_events",)),
            Truth("data-quality", ("stg_customers",)),
            Truth("duplicate-load", ("stg_refunds",)),
        ),
    ),
    Played("stale_warn", "The loader of raw.orders stopped.", (Truth("stale-data", ("source.shop.raw.orders",)),)),
    Played("stale_error", "The loader of raw.orders and raw.payments stopped.", (Truth("stale-data", ("source.shop.raw.orders", "source.shop.raw.payments")),)),
    Played("freshness_error", "raw.events lost the column that tells its load time.", (Truth("schema-break", ("source.shop.raw.events",)),)),
    Played("dropped_column", "raw.payments lost its column method.", (Truth("schema-break", ("source.shop.raw.payments",)),)),
)


class Line(NamedTuple):
    """One run's score."""

    name: str
    roots: bool
    first: bool
    second: bool
    said: str


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a root is wrong anywhere, the first category in more than one of ten, or the true one is not among the first two."""
    options = _arguments(argv)
    with tempfile.TemporaryDirectory() as folder:
        lines = [*_fixtures(), *_played(options.keep or Path(folder), options.only)]
    real = list(_real(options.real)) if options.real else []
    for line in (*lines, *real):
        sys.stdout.write(f"{line.name:44} {_mark(line.roots)} {_mark(line.first)} {_mark(line.second)}  {line.said}\n")
    number = len(lines)
    first = sum(line.first for line in lines)
    roots, second = all(line.roots for line in (*lines, *real)), sum(line.second for line in lines)
    sys.stdout.write(f"\nroots right in {sum(line.roots for line in lines)} of {number}, first category in {first}, within the first two in {second}")
    sys.stdout.write(f"; real sets as they should be: {sum(line.roots for line in real)} of {len(real)}\n")
    return 0 if roots and first >= 0.9 * number and second == number else 1


def _mark(right: bool) -> str:  # noqa: FBT001  # a cell
    return "yes" if right else "NO "


def _fixtures() -> Iterator[Line]:
    for scenario in FIXED:
        yield _line(scenario, _detected(FIXTURES / scenario.name))


def _played(keep: Path, only: Sequence[str]) -> Iterator[Line]:
    start = keep / "base"
    if not start.exists():
        base(start)
    with warm_dbt() as dbt:
        for scenario in scenarios(list(only)):
            folder = keep / scenario.name.replace(" ", "_").replace(",", "")
            target = folder / "target" if folder.exists() else play(scenario, start, folder, dbt)
            yield _line(scenario, _detected(target))


def _line(scenario: Played, found: Detection) -> Line:
    score = compared(scenario, found)
    return Line(scenario.name, score.roots, score.first, score.second, "; ".join(score.missed))


def _real(folder: Path) -> Iterator[Line]:
    """Every set with results: nothing may be found in one without a failure, and something has to be in one with."""
    for path in sorted(folder.glob("*/run_results.json")):
        try:
            artifacts = read_artifacts(path.parent)
        except ArtifactError as error:
            yield Line(path.parent.name, roots=True, first=True, second=True, said=f"not read: {error.problem}")
            continue
        found = detect(artifacts, catalog=read_catalog(path.parent))
        bad = artifacts.run is not None and any(is_bad(result.status) or result.status == "warn" for result in artifacts.run.results.values())
        said = "; ".join(f"{item.category.value} ({item.confidence}): {item.title}" for item in found.incidents) or "nothing found"
        right = bool(found.incidents) is bad
        yield Line(f"real: {path.parent.name}", right, right, right, said)


def _detected(target: Path) -> Detection:
    return detect(read_artifacts(target), catalog=read_catalog(target))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="+", default=[], choices=[scenario.name for scenario in PLAYED], metavar="NAME")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where played runs are kept")
    parser.add_argument("--real", type=Path, metavar="DIR", help="a directory of directories with real artifacts")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
