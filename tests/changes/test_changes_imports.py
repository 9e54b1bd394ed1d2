"""A check before a commit loads no parser for what is kept, and nothing of what repairs a warehouse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GREEN = ROOT / "fixtures" / "artifacts" / "green"
CHECK = f"""
import sys, aftershock
base, head = aftershock.read_artifacts({str(GREEN)!r}), aftershock.read_artifacts({str(GREEN)!r})
found = aftershock.edited(base, {{}})
report = aftershock.check(base, found.head, base_reader=found.base, head_reader=found.head_reader)
assert report.outcome == "passed"
assert aftershock.check(base, head).outcome == "passed"
aftershock.repository
print(*sorted(name for name in sys.modules if name.split(".")[0] in {{"sqlglot", "jinja2", "networkx"}} or name.startswith("aftershock.recovery")))
"""


def test_a_check_of_what_did_not_change_loads_no_parser_and_no_repair() -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
