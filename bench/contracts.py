"""dbt's own cases of contracts through our rules: what dbt calls breaking, and what we do.

    python -m bench.contracts CASES.jsonl

CASES.jsonl has one case a line, of which those of the suite ``dbt-core`` with ``contract_changed`` are looked at: two versions of one model, None where it
is not there, with ``contract_enforced``, ``enabled``, ``versioned``, ``columns`` (``data_type``, ``constraints``) and ``constraints``, the materializations
and the adapter where they matter. dbt calls a change of a contract breaking (an error for a versioned model, a warning for another) or not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from aftershock import times
from aftershock.artifacts import artifacts_from_bytes
from aftershock.artifacts.definitions import definitions_from_bytes
from aftershock.changes.contracts import breach_of_removal, breaches, differs
from aftershock.changes.sides import Pair, Side, open_side
from aftershock.columns.opening import open_lineage

UNIQUE_ID = "model.p.table_model"
ANY = {"unique_id": "model.p.other", "resource_type": "model", "name": "other", "package_name": "p"}


class Row(NamedTuple):
    """One case: what dbt says, what we say, and why."""

    name: str
    theirs: str
    ours: str
    why: str


def judged(case: dict[str, Any]) -> Row:
    """A case through our rules."""
    materialized = case.get("materialized") or ["table", "table"]
    old, new = (_side(case.get(key), kind) for key, kind in zip(("old_model", "new_model"), materialized, strict=True))
    adapter = case.get("adapter") or "postgres"
    theirs = case["expected_category"]
    name = case["id"].split("/", 1)[1]
    if old is None:
        return Row(name, theirs, "non_breaking", "a contract is new")
    if new is None or not case["new_model"]["enabled"]:
        why = breach_of_removal(old.nodes[UNIQUE_ID], old.definition(UNIQUE_ID), times.now(), disabled=new is not None)
        return Row(name, theirs, "breaking" if why else "non_breaking", why or "it had no contract")
    pair = Pair.of(old, new, UNIQUE_ID, UNIQUE_ID)
    found = breaches(pair, adapter)
    why = ", ".join(item.what for item in found) or ("it says something else, and breaks nothing" if differs(pair) else "it says the same")
    return Row(name, theirs, "breaking" if found else "non_breaking", why)


def _side(model: dict[str, Any] | None, materialized: str) -> Side | None:
    """A model as a manifest has it, read as we read one."""
    if model is None:
        return None
    columns = {name: {"name": name, **column} for name, column in model["columns"].items()}
    config = {"materialized": materialized, "contract": {"enforced": model["contract_enforced"]}}
    fields = {"columns": columns, "constraints": model["constraints"], "config": config, "version": 1 if model["versioned"] else None}
    node = {**ANY, "unique_id": UNIQUE_ID, "name": "table_model", **fields}
    head = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.0"}
    data = msgspec.json.encode({"metadata": head, "nodes": {UNIQUE_ID: node}})
    artifacts = artifacts_from_bytes(data)
    return open_side(artifacts, open_lineage(artifacts, data=data), None, definitions_from_bytes(data, "case"))


def main() -> int:
    """Print the table; 1 where a change that dbt calls breaking passes here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    cases = [json.loads(line) for line in parser.parse_args().cases.read_text().splitlines() if line.strip()]
    rows = [judged(case) for case in cases if case["origin"]["suite"] == "dbt-core" and "contract_changed" in case]
    counts = Counter((row.theirs, row.ours) for row in rows)
    for row in rows:
        print(f"{'  ' if row.theirs == row.ours else '! '}{row.name:70} {row.theirs:13} {row.ours:13} {row.why}")
    agreed = sum(number for (theirs, ours), number in counts.items() if theirs == ours)
    missed = counts["breaking", "non_breaking"]
    print(f"{len(rows)} cases, {agreed} agree ({100 * agreed / max(len(rows), 1):.1f} %), {missed} that dbt calls breaking are not found")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
