"""How fast a store of incidents is.

    python -m bench.incident_store                                   SQLite, in a new folder
    python -m bench.incident_store postgresql://USER@HOST/DATABASE   PostgreSQL, in an empty database

Appends of one writer and of eight at once, each a transaction that is on the disk when it returns; a new process that opens the store; a list of 1,000
incidents of six events, with a real assessment in each, that nothing was read of yet; and the file.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aftershock
from aftershock.incidents.store import Store, open_store
from aftershock.model import Category
from aftershock.model.record import Announced, Edited, Moved, Noted, Opened, Status, Updated

ROOT = Path(__file__).resolve().parents[1]
AT = "2026-03-01T06:10:00Z"
SINGLE, WRITERS, EACH, MANY = 1_000, 8, 250, 1_000

WRITER = """
import sys
from pathlib import Path
from aftershock.incidents.store import open_store
from aftershock.model.record import Noted
store = open_store(sys.argv[1], project=Path())
store.get("1")
print("ready", flush=True)
sys.stdin.readline()
for turn in range(int(sys.argv[2])):
    store.append("1", [Noted(f"note {turn}")], by="bench", at="2026-03-01T06:10:00Z")
store.close()
"""
OPENER = "import sys, time; from pathlib import Path; from aftershock.incidents.store import open_store; open_store(sys.argv[1], project=Path()).get('1')"


def one_writer(store: Store) -> float:
    """Appends in a second."""
    began = time.perf_counter()
    for turn in range(SINGLE):
        store.append("1", [Noted(f"note {turn}")], by="bench", at=AT)
    return SINGLE / (time.perf_counter() - began)


def many_writers(url: str) -> float:
    """Appends in a second, of all writers together, to one incident."""
    command = [sys.executable, "-c", WRITER, url, str(EACH)]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(WRITERS)]
    for process in running:
        assert process.stdout is not None  # noqa: S101  # as asked for
        process.stdout.readline()
    began = time.perf_counter()
    for process in running:
        process.communicate("go\n")
    return WRITERS * EACH / (time.perf_counter() - began)


def cold(url: str) -> float:
    """Seconds of a process that opens the store and reads one incident of two events; the median of five."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", OPENER, url], check=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def fill(store: Store) -> None:
    """Incidents as they are in the middle of their life."""
    artifacts = aftershock.read_artifacts(ROOT / "fixtures" / "artifacts" / "model_error")
    report = aftershock.assess(artifacts, "stg_orders", "pipeline-failure", detected_at=AT, now=AT)
    for number in range(MANY):
        store.create(Opened("", f"Incident {number}", Category.PIPELINE_FAILURE, AT, report=report), by="bench", at=AT)
    for number in range(MANY):
        changes = (Moved(Status.INVESTIGATING), Announced("notification"), Edited(root_cause="x"), Updated("y"), Moved(Status.MITIGATED))
        store.append(str(number + 2), changes, by="bench", at=AT)


def main(url: str) -> None:
    """Measure, and print one line for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        place = url or str(Path(folder) / "bench.db")
        with open_store(place, project=Path(folder)) as store:
            store.create(Opened("", "bench", Category.DATA_LOSS, AT), by="bench", at=AT)
            store.append("1", [Noted("x")], by="bench", at=AT)
            print(f"open, a new process        {cold(place):8.2f} s")
            print(f"appends, one writer        {one_writer(store):8.0f} /s")
            print(f"appends, {WRITERS} writers         {many_writers(place):8.0f} /s")
            fill(store)
        with open_store(place, project=Path(folder)) as store:
            began = time.perf_counter()
            found = store.all()
            print(f"list of {len(found):,}              {time.perf_counter() - began:8.2f} s, then ", end="")
            began = time.perf_counter()
            store.all()
            print(f"{time.perf_counter() - began:.3f} s")
            began = time.perf_counter()
            size = len(store.export())
            print(f"export                     {time.perf_counter() - began:8.2f} s, {size / 1e6:.1f} MB")
        if not url:
            print(f"file                       {Path(place).stat().st_size / 1e6:8.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
