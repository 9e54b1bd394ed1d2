"""What only Dagster can say, as JSON: ``runs`` of the instance, oldest first; or ``keys`` of the manifests that are named.

runs: [{"job": …, "status": …, "assets": [[key, partition], …], "partition": …}, …]
keys: [{unique_id: [key, whether it is an asset], …}, …]
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any


def runs() -> list[dict[str, Any]]:
    """Every run with what it materialized."""
    from dagster import DagsterEventType, DagsterInstance

    with DagsterInstance.get() as instance:
        return [
            {
                "job": record.dagster_run.job_name,
                "status": record.dagster_run.status.value,
                "partition": record.dagster_run.tags.get("dagster/partition"),
                "assets": sorted(
                    [event.asset_key.to_user_string(), event.partition]
                    for entry in instance.all_logs(record.dagster_run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION)
                    if (event := entry.get_dagster_event()).asset_key
                ),
            }
            for record in reversed(instance.get_run_records())
        ]


def keys(*paths: str) -> list[dict[str, Any]]:
    """Every model, seed, snapshot and source of each manifest by the default translator."""
    from dagster_dbt import DagsterDbtTranslator
    from dagster_dbt.asset_utils import is_non_asset_node

    translator = DagsterDbtTranslator()
    found = []
    for path in paths:
        data = Path(path).read_bytes()
        manifest = json.loads(gzip.decompress(data) if path.endswith(".gz") else data)
        nodes = {**manifest["nodes"], **manifest["sources"]}
        found.append(
            {
                unique_id: [translator.get_asset_key(node).path, node["resource_type"] != "source" and not is_non_asset_node(node)]
                for unique_id, node in nodes.items()
                if node["resource_type"] in {"model", "seed", "snapshot", "source"}
            }
        )
    return found


def rows(path: str, *statements: str) -> list[tuple[Any, ...]]:
    """What the last statement answers; DuckDB here is the one that wrote the file."""
    import duckdb

    with duckdb.connect(path) as connection:
        for statement in statements:
            answer = connection.execute(statement)
        return answer.fetchall()


def said(*commands: str) -> list[tuple[int, str]]:
    """The answer to each command."""
    from click.testing import CliRunner
    from dagster._cli import create_dagster_cli

    program = create_dagster_cli()
    results = [CliRunner().invoke(program, json.loads(command)[1:]) for command in commands]
    return [(result.exit_code, f"{result.output}{result.exception}") for result in results]


if __name__ == "__main__":
    question, *arguments = sys.argv[1:]
    json.dump({"runs": runs, "keys": keys, "rows": rows, "said": said}[question](*arguments), sys.stdout, default=str)
