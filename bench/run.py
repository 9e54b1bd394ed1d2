"""Measure a node-level assessment beside dbt and the field's tools, all in one run: `python -m bench.run`.

Every repetition runs each contender once, in turn, so that a slow minute of the machine hits all of them. The
figures are medians of whole processes. A table goes to standard output, everything to a JSON file.

Subjects: our own fixture project, two made-up manifests, and any real manifest named by `--manifest` or by
the environment variable AFTERSHOCK_BENCH_MANIFEST.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from bench import competitors, contenders, process, subjects
from bench.aims import judge, judge_growth
from bench.manifests import write_manifest
from bench.table import Row, render
from bench.warehouse import HUB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.contenders import Contender
    from bench.process import Run
    from bench.subjects import Subject

_HERE: Final = Path(__file__).parent
_FIXTURES: Final = _HERE.parent / "fixtures"
_SIZES: Final = (10_000, 100_000)
_BUDGET_S: Final = 30.0
"""A contender is not repeated once its runs on a subject took longer than this together; one run always counts."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, how often, and where to keep what."""

    manifests: tuple[Path, ...]
    sizes: tuple[int, ...]
    repetitions: int
    only: str
    node: str | None
    output: Path


def main() -> int:
    """Measure everything that the command line asks for; 1 if an aim is missed or aftershock itself failed."""
    options = _options()
    for name, problem in competitors.install_all().items():
        _say(f"{name} could not be installed: {problem}")
    rows: list[Row] = []
    for subject in _subjects(options):
        _say(f"{subject.name}: {subject.resources} resources, {subject.size / 1e6:.1f} MB, {subject.node}")
        fresh = measure(subject, options)
        rows.extend(fresh)
        _say(render(fresh))
    verdicts = [*judge(rows), *judge_growth(rows)]
    _say("\n".join(verdict.text for verdict in verdicts))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "rows": [asdict(row) for row in rows],
        "aims": [asdict(verdict) for verdict in verdicts],
    }
    options.output.write_text(json.dumps(document, indent=1) + "\n")
    failed = any(row.error for row in rows if row.contender.startswith("aftershock"))
    return 0 if all(verdict.met for verdict in verdicts) and not failed else 1


def measure(subject: Subject, options: Options) -> list[Row]:
    """Run every contender on one subject, interleaved, and return their medians in the contenders' order."""
    taking_part = [contender for contender in contenders.CONTENDERS if contender.applies(subject) and re.search(options.only, contender.name)]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        homes = {contender.name: _home(Path(folder), contender, subject) for contender in taking_part}
        first = {who.name: _run(who, subject, homes[who.name]) for who in taking_part}
        runs: dict[str, list[Run]] = {who.name: [] for who in taking_part}
        spent = {name: ended.wall_s for name, ended in first.items()}
        for _ in range(options.repetitions):
            for who in taking_part:
                if first[who.name].exit_code == 0 and spent[who.name] < _BUDGET_S:
                    ended = _run(who, subject, homes[who.name])
                    runs[who.name].append(ended)
                    spent[who.name] += ended.wall_s
        return [_row(who, subject, runs[who.name] or [first[who.name]], _answer(who, subject, homes[who.name])) for who in taking_part]


def _home(folder: Path, contender: Contender, subject: Subject) -> Path:
    """Make a contender's own scratch folder and set it up."""
    home = folder / re.sub(r"\W+", "-", contender.name)
    (home / "cache").mkdir(parents=True)
    contender.set_up(subject, home)
    return home


def _run(contender: Contender, subject: Subject, home: Path) -> Run:
    """Run a contender once."""
    contender.before_each(home)
    command = contender.command(subject, home)
    return process.run(command, home, env=contenders.environment(home), cwd=home, tty=contender.tty)


def _answer(contender: Contender, subject: Subject, home: Path) -> str:
    """Ask for the answer in a form that can be read, and compare it with the manifest's own edges."""
    if contender.ask is None or contender.read is None:
        return ""
    asked = process.run(contender.ask(subject, home), home, env=contenders.environment(home), cwd=home)
    if asked.exit_code:
        return f"failed: {asked.error}"
    try:
        found = contender.read(asked.stdout, subject)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return f"unreadable: {error!r}"
    missing, extra = len(subject.truth - found), len(found - subject.truth)
    return "right" if not missing and not extra else f"{missing} missing, {extra} too many"


def _row(contender: Contender, subject: Subject, runs: Sequence[Run], answer: str) -> Row:
    """Return the medians of a contender's runs."""
    failed = [run for run in runs if run.exit_code]
    return Row(
        subject=subject.name,
        subject_bytes=subject.size,
        subject_resources=subject.resources,
        affected=len(subject.truth),
        contender=contender.name,
        runs=len(runs),
        cpu_s=median(run.cpu_s for run in runs),
        wall_s=median(run.wall_s for run in runs),
        peak_bytes=int(median(run.peak_bytes for run in runs)),
        answer=answer,
        error=f"exit {failed[0].exit_code}: {failed[0].error}" if failed else "",
    )


def _subjects(options: Options) -> Iterator[Subject]:
    """Yield what is there to be measured, smallest first, saying what is not there."""
    shop = _unpacked(_FIXTURES / "artifacts" / "green")
    if shop is not None:
        yield subjects.load("shop", shop, project=_FIXTURES / "shop")
    else:
        _say("shop: fixtures/artifacts/green has no manifest. `make fixtures` writes it.")
    for manifest in options.manifests:
        if manifest.exists():
            yield subjects.load(manifest.parent.name, manifest, node=options.node)
        else:
            _say(f"{manifest}: there is no such file, so it is not measured.")
    for size in options.sizes:
        manifest = _HERE / ".cache" / f"synthetic-{size}" / "manifest.json"
        if not manifest.exists():
            write_manifest(manifest, size)
        yield subjects.load(f"synthetic {size}", manifest, node=HUB)


def _unpacked(artifacts: Path) -> Path | None:
    """Unpack a fixture's artifacts, because the other tools read plain files only, and return its manifest."""
    target = _HERE / ".cache" / artifacts.name
    target.mkdir(parents=True, exist_ok=True)
    for packed in artifacts.glob("*.json.gz"):
        (target / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    manifest = target / "manifest.json"
    return manifest if manifest.exists() else None


def _options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    named = os.environ.get("AFTERSHOCK_BENCH_MANIFEST")
    parser.add_argument("--manifest", type=Path, action="append", help="a real manifest; may be repeated")
    parser.add_argument("--node", help="the unique_id to ask about in each --manifest")
    parser.add_argument("--sizes", type=int, nargs="*", default=_SIZES, help="made-up manifests, in resources")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", default="", help="contenders whose name matches this regular expression")
    parser.add_argument("--output", type=Path, default=_HERE / "results" / "bench.json")
    read = parser.parse_args()
    manifests = tuple(read.manifest or ([Path(named)] if named else []))
    return Options(manifests, tuple(read.sizes), read.repetitions, read.only, read.node, read.output)


def _say(text: str) -> None:
    """Print at once, so that a long run shows how far it is."""
    print(text, end="\n\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
