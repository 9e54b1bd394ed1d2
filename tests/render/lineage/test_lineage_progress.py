from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from aftershock.render.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_bar_is_drawn_while_something_remains_and_removed() -> None:
    stream = io.StringIO()
    with progress_bar(stream, "Reading [red]SQL") as progress:
        assert progress is not None
        progress(120, 480)
        assert "Reading [red]SQL" in stream.getvalue()
        assert "120/480" in stream.getvalue()
        progress(480, 480)
        assert "480/480" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[2K"), "the line is empty again"
    assert "\x1b[?25h" in stream.getvalue(), "the cursor is there again"


def test_no_colours_where_none_are_wanted() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    for stream, colour in ((plain, False), (coloured, True)):
        with progress_bar(stream, colour=colour) as progress:
            assert progress is not None
            progress(1, 2)
    assert "\x1b[3" not in plain.getvalue()
    assert "\x1b[3" in coloured.getvalue()


def test_nothing_is_drawn_where_nobody_looks_or_nothing_remains() -> None:
    stream = io.StringIO()
    with progress_bar(stream, shown=False) as progress:
        assert progress is None
    with progress_bar(stream) as progress:
        assert progress is not None
        progress(5, 5)
    assert stream.getvalue() == ""


def test_the_line_is_removed_after_an_error_too() -> None:
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt), progress_bar(stream) as progress:
        _interrupted(progress)
    assert stream.getvalue().endswith("\x1b[2K")


def _interrupted(progress: Callable[[int, int], None] | None) -> None:
    assert progress is not None
    progress(1, 2)
    raise KeyboardInterrupt


def test_a_warm_answer_does_not_load_rich() -> None:
    code = (
        "import sys, io\nfrom aftershock.render.progress import progress_bar\n"
        "with progress_bar(io.StringIO()) as told: told(3, 3)\nprint('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
