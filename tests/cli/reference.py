"""docs/reference/cli.md, made from what the program says about itself.

Run `python tests/cli/reference.py` to write it again.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path

import click

from aftershock.cli import main
from aftershock.cli.program import COMMANDS, program

FILE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"

HEAD = """\
# Command line

Everything here is printed by `aftershock --help` and its commands; `python tests/cli/reference.py` writes it again.

Exit codes, for every command: **0** answered (whatever the answer is), **1** a gate was hit (`--fail-on`), an incident was found or not all was repaired or sent, **2** could not
run or could not judge, 130 interrupted.

An error is one line on standard error, `place: problem. remedy.`. With `--format json` standard output then holds it as a JSON object
(`error {kind, place, problem, remedy, suggestions}`), so that a program always reads JSON there. A traceback is shown only with
`AFTERSHOCK_DEBUG=1`.

| variable | what it does |
|---|---|
| `DBT_TARGET_PATH` | where a project's target directory is, as for dbt |
| `AFTERSHOCK_CACHE_DIR` | where decoded manifests and column lineage are kept |
| `AFTERSHOCK_LINEAGE_CACHE_MB` | megabytes that column lineage may take there, 512 by default |
| `AFTERSHOCK_BASE` | the base's target directory, for `aftershock check` |
| `AFTERSHOCK_STORE` | where incidents are kept: a file, or a `postgresql://` URL |
| `AFTERSHOCK_BY` | who you are, in the records of incidents |
| `AFTERSHOCK_…` | whatever `${AFTERSHOCK_…}` in a `notify` target's url stands for |
| `AFTERSHOCK_DEBUG` | anything but empty: show tracebacks |
| `COLUMNS` | width of text; by default the terminal's, 100 in a pipe |
| `NO_COLOR`, `TERM=dumb` | no colours |
| `FORCE_COLOR` | colours in a pipe too |
"""


def reference() -> str:
    """The whole page."""
    context = click.Context(program)
    names: list[tuple[str, ...]] = [()]
    for name in COMMANDS:
        names.append((name,))
        command = program.get_command(context, name)
        if isinstance(command, click.Group):
            names += [(name, inner) for inner in command.list_commands(context)]
    return HEAD + "".join(f"\n## {' '.join(('aftershock', *words))}\n\n```text\n{_help(words)}```\n" for words in names)


def _help(words: tuple[str, ...]) -> str:
    with redirect_stdout(io.StringIO()) as printed:
        main([*words, "--help"])
    return printed.getvalue()


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(reference(), encoding="utf-8")
