"""Where answers go: terminals, pipes, files; and what happens when they do not arrive."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from manifests import MANIFEST, write

import aftershock
from aftershock.cli import terminal
from aftershock.cli.errors import guarded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Outcome

    Run = Callable[..., Outcome]

WORDS = ("assess", "a", "--category", "data-quality", "--target-dir")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return write(tmp_path / "t", "manifest.json", MANIFEST).parent


def process(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-m", "aftershock", *map(str, words)], capture_output=True, text=True, check=False, env=env)


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)


class Terminal:
    def __init__(self, *, tty: bool) -> None:
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


@pytest.mark.parametrize(
    ("tty", "environment", "output", "expected"),
    [
        (True, {}, None, True),
        (True, {}, "-", True),
        (True, {}, "file", False),
        (True, {"NO_COLOR": "1"}, None, False),
        (True, {"NO_COLOR": ""}, None, True),
        (True, {"TERM": "dumb"}, None, False),
        (False, {}, None, False),
        (False, {"FORCE_COLOR": "1"}, None, True),
        (False, {"FORCE_COLOR": "0"}, None, False),
        (True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, None, False),
        (True, {"TERM": "dumb", "FORCE_COLOR": "1"}, None, True),
    ],
)
def test_colours(tty: bool, environment: dict[str, str], output: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Terminal(tty=tty))
    assert terminal.screen(output).colour is expected


@pytest.mark.parametrize(("columns", "expected"), [("72", 72), ("0", 100), ("rubbish", 100), ("-4", 100), ("999999999", 400), ("1", 1)])
def test_width(columns: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "__stdout__", None)
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal.screen().width == expected


def test_colours_when_forced(run: Run, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run(*WORDS, target, "--detected-at", "2026-03-01").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = run(*WORDS, target, "--detected-at", "2026-03-01").out
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    assert click.unstyle(coloured) == plain
    assert "\x1b[" in run("doctor", "--target-dir", target).out


def test_a_file_is_written_whole_with_the_umask(run: Run, target: Path, tmp_path: Path) -> None:
    out = tmp_path / "impact.md"
    before = os.umask(0o027)
    try:
        found = run(*WORDS, target, "--format", "markdown", "--output", out)
    finally:
        os.umask(before)
    assert found == (0, "", "")
    assert out.read_text().startswith("## Impact Assessment")
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir() if ".tmp" in path.name] == []


def test_a_file_that_is_replaced_keeps_its_permissions_and_its_link(run: Run, target: Path, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)
    assert run(*WORDS, target, "--format", "json", "-o", link).code == 0
    assert link.is_symlink()
    assert real.read_text().startswith("{")
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_dash_is_standard_output(run: Run, target: Path) -> None:
    assert run(*WORDS, target, "--output", "-").out.startswith("a (data-quality")


def test_a_device_is_written_to_and_not_replaced(run: Run, target: Path) -> None:
    assert run(*WORDS, target, "--output", os.devnull) == (0, "", "")
    assert not stat.S_ISREG(os.stat(os.devnull).st_mode)  # noqa: PTH116


def test_a_disk_that_refuses(run: Run, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.json"
    out.write_text("precious")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    found = run(*WORDS, target, "--output", out)
    assert found == (2, "", f"{out}: it cannot be written (No space left on device). Check the folder and the disk.\n")
    assert out.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "t"]


def test_a_file_that_may_not_be_written(target: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.json"
    out.write_text("precious")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert run(*WORDS, target, "--output", out) == (2, "", f"{out}: it may not be written. Check the file's permissions.\n")


def test_a_reader_that_goes_away_is_no_error(target: Path) -> None:
    line = f"{sys.executable} -m aftershock {' '.join(WORDS)} {target} --all --fail-on P3 | true; echo ${{PIPESTATUS[0]}}"
    assert shell(line).stdout == "1\n"
    assert "Traceback" not in shell(line).stderr
    assert "Exception ignored" not in shell(line).stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
def test_a_full_standard_output(target: Path) -> None:
    done = shell(f"{sys.executable} -m aftershock {' '.join(WORDS)} {target} --format json > /dev/full")
    assert (done.returncode, done.stderr) == (2, "standard output: it cannot be written (No space left on device). Check where it is redirected to.\n")


def test_a_closed_standard_output(target: Path) -> None:
    done = shell(f"{sys.executable} -m aftershock {' '.join(WORDS)} {target} >&-")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_what_the_encoding_cannot_carry_is_spelled_out(target: Path) -> None:
    done = process(*WORDS, target, "--all", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()


def test_a_path_that_is_not_unicode() -> None:
    done = subprocess.run([sys.executable, "-m", "aftershock", "doctor", "--target-dir", b"/tmp/\xff\xfe"], capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"bug" not in done.stderr


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("x"), r"aftershock: ValueError: x; this is a bug in aftershock. Please report it, with the traceback that AFTERSHOCK_DEBUG=1 shows."),
        (KeyError(), r"aftershock: KeyError; this is a bug in aftershock. Please report it, with the traceback that AFTERSHOCK_DEBUG=1 shows."),
        (RecursionError(), r"aftershock: something in the input is nested too deeply. Set AFTERSHOCK_DEBUG=1 to see where."),
        (MemoryError(), r"aftershock: there is not enough memory. Use a machine with more memory, or a smaller manifest."),
        (PermissionError(13, "Permission denied", "/x\n/y"), r"/x /y: Permission denied. Check the path and its permissions."),
        (OSError(5, "Input/output error"), r"aftershock: Input/output error. Check the path and its permissions."),
        (OSError("odd"), r"aftershock: OSError: odd; this is a bug in aftershock. Please report it, with the traceback that AFTERSHOCK_DEBUG=1 shows."),
        (click.ClickException("Odd."), r"aftershock: odd. See aftershock --help."),
        (click.BadParameter("Odd."), r"aftershock: odd. See aftershock --help."),
        (click.NoSuchOption("--x"), r"--x: there is no such option. See aftershock --help."),
    ],
)
def test_whatever_is_raised_is_one_line(error: Exception, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise error

    assert guarded(broken, []) == 2
    assert capsys.readouterr() == ("", expected + "\n")


def test_the_traceback_is_shown_on_request(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_DEBUG", "1")

    def broken() -> None:
        raise ValueError("x")

    assert guarded(broken, []) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback")
    assert shown.endswith("AFTERSHOCK_DEBUG=1 shows.\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_quiet(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise error

    assert guarded(interrupted, []) == 130
    assert capsys.readouterr() == ("", "")


def test_json_is_wanted_only_where_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise aftershock.UsageError("a", "b")

    for words, wanted in (
        (["--format", "json"], True),
        (["--format=json"], True),
        (["--format", "text"], False),
        (["json"], False),
        (["--", "--format", "json"], False),
    ):
        guarded(broken, words)
        assert capsys.readouterr().out.startswith("{") is wanted, words


def test_what_somebody_would_have_to_type_is_refused(run: Run, target: Path) -> None:
    for words in (("-", "--target-dir", target), ("a", "--manifest", "-")):
        found = run("assess", *words, "--category", "data-quality", stdin=None)
        assert (found.code, found.err.partition(".")[0]) == (2, "standard input: nothing is piped into it")


class Broken(io.StringIO):
    def __init__(self, number: int, descriptor: int) -> None:
        super().__init__()
        self.number, self.descriptor = number, descriptor

    def fileno(self) -> int:
        return self.descriptor

    def flush(self) -> None:
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC])
def test_standard_output_that_breaks(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr(sys, "stdout", Broken(number, file.fileno()))
        if number == errno.EPIPE:
            terminal.emit("x")
        else:
            with pytest.raises(aftershock.OutputError):
                terminal.emit("x")
        os.write(file.fileno(), b"what is still buffered")
    assert (tmp_path / "out").read_bytes() == b""
