"""``dbt ls`` for many selections of one parsed project: JSON lists of arguments on stdin, JSON lists of unique_ids on stdout. Run in the project's folder."""

from __future__ import annotations

import json
import sys

from dbt.cli.main import dbtRunner

COMMON = ["--quiet", "--no-print", "--target", "prod"]


def main() -> None:
    parsed = dbtRunner().invoke(["parse", *COMMON])
    if not parsed.success:
        raise SystemExit(str(parsed.exception))
    runner = dbtRunner(manifest=parsed.result)
    answers = []
    for arguments in json.load(sys.stdin):
        listed = runner.invoke(["ls", "--output", "json", "--output-keys", "unique_id", *COMMON, *arguments])
        answers.append([json.loads(line)["unique_id"] for line in listed.result] if listed.success else [str(listed.exception)])
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
