"""The cache: found again, never wrong, never in the way."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import platformdirs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.cache import Cache, cache_dir, source, store
from aftershock.model import Column, Node, Owner, Project, ProjectInfo

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

OLD = time.time() - 3600
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes and owners of POSIX")


def project(name: str = "orders", count: int = 3) -> Project:
    nodes = {f"model.shop.{name}_{i}": Node(f"model.shop.{name}_{i}", "model", f"{name}_{i}", meta={"tier": 1, "x": [1.5, None]}) for i in range(count)}
    return Project(ProjectInfo(name="shop", schema_version=12), nodes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "target" / "manifest.json"
    path.parent.mkdir()
    write(path, '{"n": 1}')
    return path


def write(path: Path, text: str, modified: float = OLD) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, (modified, modified))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setattr(source, "_RACY_NS", -1)  # files here are new; the tests of racing set it back
    return Cache(tmp_path / "cache")


def kept(cache: Cache, path: Path, value: object) -> None:
    assert cache.get(path, type(value)) is None
    cache.put(path, value)


def again(cache: Cache, **options: int) -> Cache:
    """The same folder, as another process sees it."""
    return Cache(cache.directory, **options)


def sizes(cache: Cache) -> list[int]:
    """The bytes of each file that the folder holds."""
    return [] if cache.directory is None else [file.size for file in store.held(cache.directory)]


def files(cache: Cache, ending: str = "") -> list[Path]:
    assert cache.directory is not None
    return sorted(path for path in cache.directory.iterdir() if path.name.endswith(ending))


def test_what_was_put_is_found_without_opening_the_source(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(cache, file, project())
    monkeypatch.setattr("aftershock.cache.digest_of", lambda _: pytest.fail("read the source"))
    assert again(cache).get(file, Project) == project()


def test_a_relative_path_is_the_same_file(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(cache, file, project())
    monkeypatch.chdir(file.parent)
    assert cache.get(Path("manifest.json"), Project) == project()


def test_bytes_at_hand_are_not_read_again(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.get(file, Project)
    monkeypatch.setattr("aftershock.cache.digest_of", lambda _: pytest.fail("read the source"))
    cache.put(file, project(), file.read_bytes())
    monkeypatch.undo()
    shutil.copy(file, file.with_name("copy.json"))
    assert cache.get(file.with_name("copy.json"), Project) == project()


def test_changed_content_is_a_miss(cache: Cache, file: Path) -> None:
    kept(cache, file, project())
    write(file, '{"n": 2}')  # as many bytes, the same mtime and inode: ctime tells
    assert cache.get(file, Project) is None
    cache.put(file, project("other"))
    assert again(cache).get(file, Project) == project("other")


@pytest.mark.parametrize("how", ["touched", "copied", "replaced"])
def test_the_same_content_is_not_decoded_again(cache: Cache, file: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(cache, file, project())
    if how == "touched":
        os.utime(file, (OLD + 60, OLD + 60))
    else:
        shutil.copy(file, file.with_name("copy.json"))
        if how == "replaced":
            file.with_name("copy.json").replace(file)
        else:
            file = file.with_name("copy.json")
    assert again(cache).get(file, Project) == project()
    monkeypatch.setattr("aftershock.cache.digest_of", lambda _: pytest.fail("the new stat was not kept"))
    assert again(cache).get(file, Project) == project()


def test_a_file_written_just_now_is_compared_by_content(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_RACY_NS", 2_000_000_000)
    kept(cache, file, project())
    before = source.stamp_of(file)
    monkeypatch.setattr("aftershock.cache.stamp_of", lambda _: before)  # a change that no stat shows
    write(file, '{"n": 2}')
    assert cache.get(file, Project) is None


def test_a_source_that_changes_while_it_is_decoded_is_not_kept(cache: Cache, file: Path) -> None:
    cache.get(file, Project)
    write(file, '{"n": 2, "more": 0}')
    cache.put(file, project())
    assert sizes(cache) == []


def test_a_source_that_changes_while_it_is_compared_is_a_miss(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(cache, file, project())
    os.utime(file, (OLD + 60, OLD + 60))

    def digest_of(path: Path) -> str:
        found = source.digest_of(path)
        write(path, '{"n": 2}', OLD + 90)
        return found

    monkeypatch.setattr("aftershock.cache.digest_of", digest_of)
    assert cache.get(file, Project) is None


def test_a_source_that_vanishes_while_it_is_compared_is_a_miss(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(cache, file, project())
    os.utime(file, (OLD + 60, OLD + 60))
    monkeypatch.setattr("aftershock.cache.digest_of", lambda path: (path.unlink(), source.digest_of(path)))
    assert cache.get(file, Project) is None


def test_nothing_is_kept_of_a_file_that_was_not_asked_for(cache: Cache, file: Path) -> None:
    cache.put(file, project())
    assert sizes(cache) == []


def test_types_and_versions_are_apart(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(cache, file, project())
    kept(cache, file, ProjectInfo(name="shop"))
    assert (cache.get(file, Project), cache.get(file, ProjectInfo)) == (project(), ProjectInfo(name="shop"))
    monkeypatch.setattr(source, "__version__", "99")
    assert cache.get(file, Project) is None


def test_changed_code_decodes_again(tmp_path: Path) -> None:
    code = tmp_path / "room"
    code.mkdir()
    assert source._code(str(tmp_path / "absent")) == []
    (code / "a.py").write_text("x = 1")
    before = source._code(str(code))
    (code / "a.py").write_text("x = 10")
    assert before != source._code(str(code))
    assert [name for name, _, _ in before] == ["a.py"]
    assert b"manifest.py" in source.made_by(Project)


def test_two_paths_with_one_key_name_do_not_mix(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aftershock.cache._key_name", lambda _: f"same{store.KEY}")
    other = file.with_name("other.json")
    write(other, '{"n": 3}')
    kept(cache, file, project())
    kept(cache, other, project("other"))
    assert (cache.get(other, Project), cache.get(file, Project)) == (project("other"), project())


def test_damage_at_any_byte_is_a_miss_and_heals(cache: Cache, file: Path) -> None:
    kept(cache, file, project(count=30))
    for found in files(cache):
        whole = found.read_bytes()
        for at in range(0, len(whole), 100 if len(whole) > 500 else 5):
            found.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
            assert again(cache).get(file, Project) in (None, project(count=30))
            assert not found.exists() or found.read_bytes() != whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
            found.write_bytes(whole[:at])
            assert again(cache).get(file, Project) in (None, project(count=30))
        found.write_bytes(whole)
    assert again(cache).get(file, Project) == project(count=30)


def test_a_payload_of_another_shape_is_removed(cache: Cache, file: Path) -> None:
    kept(cache, file, project())
    (data,) = files(cache, store.DATA)
    assert cache.directory is not None
    store.write(cache.directory, data.name, source.made_by(Project), b"\x93\x01\x02\x03")
    assert cache.get(file, Project) is None
    assert not data.exists()


def test_missing_data_is_a_miss(cache: Cache, file: Path) -> None:
    kept(cache, file, project())
    files(cache, store.DATA)[0].unlink()
    assert again(cache).get(file, Project) is None


def test_folder_and_files_are_private(tmp_path: Path, file: Path) -> None:
    before = os.umask(0)
    try:
        cache = Cache(tmp_path / "a" / "b")
        kept(cache, file, project())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(cache)} == {0o600}


def unusable(tmp_path: Path, how: str) -> Path | None:
    folder = tmp_path / "odd"
    if how == "a link":
        (tmp_path / "real").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "real")
    elif how == "open to all":
        folder.mkdir()
        folder.chmod(0o777)
    elif how == "a file":
        folder.write_text("x")
    elif how == "below a file":
        (tmp_path / "plain").write_text("x")
        return tmp_path / "plain" / "cache"
    elif how == "an impossible name":
        return Path("a\0b")
    return None if how == "none" else folder


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("a link", "symbolic link"),
        ("open to all", "by others"),
        ("a file", "made"),
        ("below a file", "made"),
        ("an impossible name", "made"),
        ("none", "no folder"),
    ],
)
def test_an_unsafe_folder_means_no_cache_and_no_error(tmp_path: Path, file: Path, how: str, said: str) -> None:
    cache = Cache(unusable(tmp_path, how))
    assert cache.get(file, Project) is None
    cache.put(file, project())
    assert cache.get(file, Project) is None
    assert cache.clear() == 0
    assert said in cache.problem


def test_a_folder_of_somebody_else_is_not_used(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    assert cache.get(file, Project) is None
    assert "another user" in cache.problem


def test_a_link_in_place_of_an_entry_is_not_followed(cache: Cache, file: Path, tmp_path: Path) -> None:
    kept(cache, file, project())
    (data,) = files(cache, store.DATA)
    data.rename(tmp_path / "elsewhere")
    data.symlink_to(tmp_path / "elsewhere")
    assert again(cache).get(file, Project) is None
    assert len(sizes(cache)) == 1


@pytest.mark.parametrize("call", ["zlib.crc32", "os.replace", "os.open"])
def test_a_full_disk_is_no_error_and_leaves_nothing(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    assert cache.get(file, Project) is None

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(call, full)
        cache.put(file, project())
    assert files(cache) == []


def test_an_unwritable_folder_still_answers(cache: Cache, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(cache, file, project())
    os.utime(file, (OLD + 60, OLD + 60))

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(store, "write", denied)
    monkeypatch.setattr(os, "utime", denied)
    assert cache.get(file, Project) == project()


@pytest.mark.parametrize("meta", [{"n": 2**70}, {"n": "\ud800"}, {"n": object()}])
def test_what_cannot_be_encoded_is_not_kept(cache: Cache, file: Path, meta: dict[str, Any]) -> None:
    cache.get(file, Node)
    cache.put(file, Node("model.a.b", "model", "b", meta=meta))
    assert sizes(cache) == []


@pytest.mark.parametrize("path", ["absent.json", ".", "a\0b"])
def test_what_is_not_a_file_is_a_miss(cache: Cache, tmp_path: Path, path: str) -> None:
    assert cache.get(tmp_path / path, Project) is None
    cache.put(tmp_path / path, project())
    assert sizes(cache) == []


def test_a_pipe_is_not_waited_for(cache: Cache, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert cache.get(tmp_path / "pipe", Project) is None


def test_what_was_used_longest_ago_goes_first(cache: Cache, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.json" for number in range(4)]
    for number, path in enumerate(paths):
        write(path, f'{{"n": {number}}}')
    for number, path in enumerate(paths[:3]):
        kept(cache, path, project(f"p{number}"))
        for found in files(cache):
            if found.stat().st_mtime > OLD + 50:
                os.utime(found, (OLD + number, OLD + number))
    assert cache.get(paths[0], Project) == project("p0")  # used now: the second is the oldest
    small = again(cache, limit=sum(sizes(cache)))
    kept(small, paths[3], project("p3"))
    assert sum(sizes(small)) <= small.limit
    assert [again(cache).get(path, Project) is not None for path in paths] == [True, False, True, True]


def test_a_value_above_the_limit_is_not_kept(cache: Cache, file: Path) -> None:
    kept(again(cache, limit=100), file, project())
    assert sizes(cache) == []


def test_the_number_of_files_is_limited(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_FILES", 6)
    for number in range(8):
        write(tmp_path / f"{number}.json", f'{{"n": {number}}}')
        kept(cache, tmp_path / f"{number}.json", project(f"p{number}"))
    assert len(sizes(cache)) == 6


def test_leftovers_of_a_writer_that_died_go(cache: Cache, file: Path) -> None:
    assert cache.directory is not None
    assert not cache.problem
    old, new = (cache.directory / f"{name}{store._TEMPORARY}" for name in ("old", "new"))
    write(old, "x", OLD - 10)
    new.write_text("x")
    kept(cache, file, project())
    assert (old.exists(), new.exists()) == (False, True)


def test_clear_takes_what_is_ours_and_nothing_else(cache: Cache, file: Path) -> None:
    kept(cache, file, project())
    assert cache.directory is not None
    for name in ("server.key", "notes.txt", "x.data"):
        (cache.directory / name).write_text("mine")
    (cache.directory / f"folder{store.KEY}").mkdir()
    held = sizes(cache)
    assert len(held) == 2
    assert cache.clear() == sum(held) > 100
    assert [path.name for path in files(cache)] == [f"folder{store.KEY}", "notes.txt", "server.key", "x.data"]
    assert cache.get(file, Project) is None


def test_a_folder_that_goes_away_is_a_miss(cache: Cache, file: Path) -> None:
    kept(cache, file, project())
    shutil.rmtree(str(cache.directory))
    assert cache.get(file, Project) is None
    cache.put(file, project())
    assert sizes(cache) == []


def test_the_garbage_collector_is_left_as_it_was(cache: Cache, file: Path) -> None:
    kept(cache, file, project())
    cache.get(file, Project)
    assert gc.isenabled()
    gc.disable()
    try:
        cache.get(file, Project)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_where_the_folder_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AFTERSHOCK_CACHE_DIR", str(tmp_path / "x"))
    assert cache_dir() == tmp_path / "x"
    monkeypatch.setenv("AFTERSHOCK_CACHE_DIR", "~/x")
    assert cache_dir() == Path.home() / "x"
    monkeypatch.setenv("AFTERSHOCK_CACHE_DIR", "")
    for named in (str(tmp_path), "", "  "):
        monkeypatch.setenv("XDG_CACHE_HOME", named)
        assert cache_dir() == platformdirs.user_cache_path("aftershock", appauthor=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_dir() == platformdirs.user_cache_path("aftershock", appauthor=False)


def test_windows_has_no_modes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    monkeypatch.setattr(sys, "platform", "win32")
    assert store.problem_of(tmp_path / "open") == ""


def hammer(folder: Path, path: Path, number: int, wrong: Synchronized[int]) -> None:
    """Put and get, as fast as it goes; count answers that are not what the file says."""
    for _ in range(30):
        cache = Cache(folder, limit=60_000)
        found = cache.get(path, Project)
        if found is None:
            cache.put(path, project(path.stem, 40))
        elif found != project(path.stem, 40):
            wrong.value += 1
        if number == 0:
            cache.clear()


def test_eight_writers_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    wrong = context.Value("i", 0)
    paths = [tmp_path / f"m{number % 3}.json" for number in range(8)]
    for path in paths:
        write(path, f'"{path.stem}"')
    workers = [context.Process(target=hammer, args=(tmp_path / "cache", path, number, wrong)) for number, path in enumerate(paths)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 8
    assert wrong.value == 0
    assert not [path for path in (tmp_path / "cache").iterdir() if path.name.endswith(store._TEMPORARY)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3),
    max_leaves=8,
)
NODES = st.builds(
    Node,
    unique_id=st.text("abc.", min_size=1),
    resource_type=st.sampled_from(["model", "exposure"]),
    name=st.text("abc🦆"),
    meta=st.dictionaries(st.text("abc"), JSON, max_size=3),
    columns=st.lists(st.builds(Column, name=st.text("abc"), tags=st.just(("pii",))), max_size=2).map(tuple),
)


@settings(max_examples=60)
@given(st.lists(NODES, max_size=4))
def test_whatever_is_put_comes_back_equal(nodes: list[Node]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "manifest.json")
        path.write_text("x")
        value = Project(ProjectInfo(), {node.unique_id: node for node in nodes})
        kept(Cache(Path(folder, "cache")), path, value)
        assert Cache(Path(folder, "cache")).get(path, Project) == value


def test_another_struct_than_the_project(cache: Cache, file: Path) -> None:
    kept(cache, file, Owner("Growth"))
    assert cache.get(file, Owner) == Owner("Growth")
    assert msgspec.msgpack.decode(files(cache, store.DATA)[0].read_bytes()[-len(msgspec.msgpack.encode(Owner("Growth"))) :]) == {"name": "Growth"}


def test_a_file_of_something_else_under_the_same_name_is_not_taken(tmp_path: Path) -> None:
    store.write(tmp_path, f"x{store.DATA}", b"one version", b"payload")
    assert store.read(tmp_path, f"x{store.DATA}", b"other version") is None
    assert store.read(tmp_path, f"x{store.DATA}", b"one version") == b"payload"
