"""The command line as a function: words in, exit code and output back."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from aftershock.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

ARTIFACTS = Path(__file__).resolve().parents[2] / "fixtures" / "artifacts"


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


class Piped(io.TextIOWrapper):
    """Standard input with something in it; a terminal where there is None."""

    def __init__(self, data: bytes | None) -> None:
        super().__init__(io.BytesIO(data or b""), encoding="utf-8")
        self.typed = data is None

    def isatty(self) -> bool:
        return self.typed


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    def call(*words: object, stdin: bytes | None = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", Piped(stdin))
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def scenario() -> Callable[[str], Path]:
    return lambda name: ARTIFACTS / name
