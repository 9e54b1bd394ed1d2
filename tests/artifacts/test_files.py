"""Bytes of files: plain, gzip, zstd, standard input; capped; one clear error for each way in which they are not what they should be."""

from __future__ import annotations

import gc
import gzip
import io
import sys
from typing import TYPE_CHECKING

import pytest
import zstandard

from aftershock.artifacts import files, read_stdin
from aftershock.errors import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b'{"a": 1}'
PACKED = {"plain.json": CONTENT, "packed.json.gz": gzip.compress(CONTENT), "packed.json.zst": zstandard.compress(CONTENT)}


def refused(path: Path) -> ArtifactError:
    with pytest.raises(ArtifactError) as caught:
        files.read_bytes(path)
    error = caught.value
    assert error.place == str(path)
    assert str(error) == f"{path}: {error.problem}. {error.remedy}."
    return error


@pytest.mark.parametrize("name", PACKED)
def test_a_file_is_unpacked_by_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(PACKED[name])
    assert files.read_bytes(path) == CONTENT


def test_the_plain_file_comes_first(tmp_path: Path) -> None:
    assert files.find(tmp_path, "manifest.json") is None
    for suffix in (".zst", ".gz", ""):
        (tmp_path / f"manifest.json{suffix}").write_bytes(b"x")
        assert files.find(tmp_path, "manifest.json") == tmp_path / f"manifest.json{suffix}"
    (tmp_path / "sources.json").mkdir()
    assert files.find(tmp_path, "sources.json") is None


BAD = {
    "empty.json": (b"", "it is empty"),
    "blank.json": (b" \n\t", "it is empty"),
    "empty.json.gz": (gzip.compress(b""), "it is empty"),
    "nothing.json.gz": (b"", "it is empty"),
    "plain.json.gz": (CONTENT, "it cannot be read (Not a gzipped file"),
    "truncated.json.gz": (gzip.compress(CONTENT * 99)[:-12], "it cannot be read (Compressed file ended"),
    "garbled.json.gz": (gzip.compress(CONTENT)[:10] + b"\xff" * 40, "it cannot be read (Error -3"),
    "checksum.json.gz": (gzip.compress(CONTENT)[:-8] + b"\0" * 8, "it cannot be read (CRC check failed"),
    "plain.json.zst": (CONTENT, "it is not a zstd file"),
    "empty.json.zst": (zstandard.compress(b""), "it is empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_error(name: str, tmp_path: Path) -> None:
    data, problem = BAD[name]
    path = tmp_path / name
    path.write_bytes(data)
    assert refused(path).problem.startswith(problem)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_file_that_is_missing_or_no_file(suffix: str, tmp_path: Path) -> None:
    assert refused(tmp_path / f"none.json{suffix}").problem == "there is no such file"
    directory = tmp_path / f"directory.json{suffix}"
    directory.mkdir()
    assert refused(directory).problem == "this is a directory, not a file"
    assert refused(tmp_path / "there" / f"none.json{suffix}").problem == "there is no such file"


def test_a_path_that_no_system_has(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 5000)
    assert refused(long).problem.startswith("it cannot be read (")
    assert not files.is_file(long)
    assert not files.is_directory(long)
    assert files.find(long, "manifest.json") is None


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raised by hand: whoever runs the tests may be allowed to read everything."""
    path = tmp_path / "manifest.json"
    path.write_bytes(CONTENT)

    def closed(_: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(type(path), "read_bytes", closed)
    assert refused(path).problem == "it may not be read"


@pytest.mark.parametrize("name", ["bomb.json.gz", "bomb.json.zst"])
def test_a_file_that_unpacks_to_far_more_than_it_is(name: str, tmp_path: Path) -> None:
    bomb = b" " * (files.RATIO_APPLIES_FROM + 2 * files.CHUNK)
    path = tmp_path / name
    path.write_bytes(gzip.compress(bomb) if name.endswith("gz") else zstandard.compress(bomb))
    assert refused(path).problem.startswith("it unpacks to more than 6")


def test_the_ratio_is_not_asked_of_small_files(tmp_path: Path) -> None:
    path = tmp_path / "small.json.gz"
    path.write_bytes(gzip.compress(CONTENT + b" " * (4 * files.CHUNK)))
    assert files.read_bytes(path).strip() == CONTENT


def test_the_size_is_capped_whatever_the_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.json.gz"
    path.write_bytes(gzip.compress(b"x" * 5000, compresslevel=0))
    monkeypatch.setattr(files, "MAX_UNPACKED", 5000)
    assert len(files.read_bytes(path)) == 5000
    monkeypatch.setattr(files, "MAX_UNPACKED", 4999)
    assert refused(path).remedy == "Unpack it yourself if you trust it"


def test_zst_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "manifest.json.zst"
    path.write_bytes(PACKED["packed.json.zst"])
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert refused(path).remedy == "Install aftershock[zst], or unpack the file"


class Piped(io.TextIOWrapper):
    """Standard input that somebody pipes into, or a terminal."""

    def __init__(self, data: bytes, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data))
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Piped(CONTENT))
    assert read_stdin() == CONTENT


@pytest.mark.parametrize(
    ("data", "terminal", "problem"), [(b"", False, "it is empty"), (b"\n ", False, "it is empty"), (CONTENT, True, "nothing is piped into it")]
)
def test_standard_input_without_a_manifest(data: bytes, terminal: bool, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.setattr(sys, "stdin", Piped(data, terminal=terminal))
    with pytest.raises(ArtifactError) as caught:
        read_stdin()
    assert (caught.value.place, caught.value.problem) == ("standard input", problem)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool) -> None:  # noqa: FBT001
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with files.uncollected():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
