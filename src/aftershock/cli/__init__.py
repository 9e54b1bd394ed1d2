"""The command line: options in, text and an exit code out.

The only room that imports click, prints and exits. It uses what the package's root exports and nothing else, so that whatever it does can be
done from Python too. Exit codes: 0 answered, 1 a gate was hit (``--fail-on``), 2 could not run.
"""

from aftershock.cli.program import main, run

__all__ = ["main", "run"]
