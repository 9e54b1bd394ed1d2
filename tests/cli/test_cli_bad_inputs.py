"""Whatever is wrong: exit code 2, one line that says what and what to do, and nothing destroyed."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from manifests import MANIFEST, changed, metadata, node, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Outcome

ASSESS = ("assess", "a", "--category", "data-quality", "--target-dir", "t")
GOOD: dict[str, object] = {"t/manifest.json": MANIFEST}
RAW = json.dumps(MANIFEST).encode()


class Bad(NamedTuple):
    """A command line and its files; ``expected`` is a regular expression for the line."""

    name: str
    expected: str
    files: dict[str, object] = GOOD
    words: tuple[str, ...] = ASSESS
    stdin: bytes = b""


def manifest(name: str, content: object, expected: str) -> Bad:
    return Bad(name, expected, {"t/manifest.json": content})


def beside(name: str, file: str, content: object, expected: str) -> Bad:
    return Bad(name, expected, {**GOOD, f"t/{file}": content})


def config(name: str, content: bytes, expected: str) -> Bad:
    return Bad(name, expected, {**GOOD, "t/aftershock.yml": content})


def words(name: str, line: str, expected: str, stdin: bytes = b"") -> Bad:
    return Bad(name, expected, GOOD, tuple(line.split()), stdin)


def assess(name: str, line: str, expected: str, stdin: bytes = b"") -> Bad:
    return words(name, f"assess {line} --target-dir t", expected, stdin)


CYCLE = changed("nodes/model.small.a/depends_on", {"nodes": ["model.small.b"]})
DEEP = b'{"metadata": ' + json.dumps(metadata("manifest", 12)).encode() + b', "nodes": {}, "selectors": {"s": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"

BAD = (
    # where the artifacts are
    Bad("no such directory", "^t: there is no such directory", {}),
    Bad("empty directory", r"t: there is no manifest\.json and no dbt_project\.yml", {"t/readme.txt": b"x"}),
    Bad("a file of another kind as directory", "t: it is not JSON in UTF-8", {"t": b"hello"}),
    Bad("project without target", r"target: there is no manifest\.json\. Run dbt", {"t/dbt_project.yml": b"name: x"}),
    Bad("project file that is not YAML", "dbt_project.yml: it is not YAML", {"t/dbt_project.yml": b"target-path: [\n"}),
    Bad("project with a template as target", "target-path is a template", {"t/dbt_project.yml": b"target-path: '{{ x }}'"}),
    Bad("manifest is a directory", r"t: there is no manifest\.json", {"t/manifest.json/x": b"x"}),
    words("no such manifest", "assess a --category data-quality --manifest none.json", "^none.json: there is no such file"),
    words("--manifest is a directory", "assess a --category data-quality --manifest t", "^--manifest: t is a directory"),
    words("--manifest and --target-dir", "assess a --category data-quality --manifest t/manifest.json --target-dir t", "^--manifest: .* Give one of them"),
    # the manifest itself
    manifest("empty", b"", "manifest.json: it is empty"),
    manifest("blank", b" \n\n", "manifest.json: it is empty"),
    manifest("truncated", RAW[: len(RAW) // 2], "manifest.json: it is not complete JSON"),
    manifest("not JSON", b"<html>login</html>", "manifest.json: it is not JSON in UTF-8"),
    manifest("a list", [], "manifest.json: it is not what dbt writes"),
    manifest("a number", 1, "manifest.json: it is not what dbt writes"),
    manifest("JSON of something else", {"name": "left-pad"}, "manifest.json: it has no key 'metadata'"),
    manifest("run results", {"metadata": metadata("run-results", 6), "results": []}, r"it is not a manifest \(run-results/v6.json\)"),
    manifest("a catalog", {"metadata": metadata("catalog", 1), "nodes": {}}, r"it is not a manifest \(catalog/v1.json\)"),
    manifest("a version to come", {**MANIFEST, "metadata": metadata("manifest", 99)}, "it is a manifest of version 99"),
    manifest("no metadata", {key: value for key, value in MANIFEST.items() if key != "metadata"}, "it has no key 'metadata'"),
    manifest("no nodes", {key: value for key, value in MANIFEST.items() if key != "nodes"}, "it has no key 'nodes'"),
    manifest("a node without a name", changed("nodes/model.small.a/name", ""), "model.small.a has no name"),
    manifest("nodes of the wrong type", changed("nodes", [1, 2]), r"Expected `object \| null`, got `array` - at `\$.nodes`"),
    manifest("parents of the wrong type", changed("nodes/model.small.a/depends_on", {"nodes": [1]}), "Expected `str`, got `int`"),
    manifest("disabled of the wrong type", changed("disabled", {"x": 1}), "disabled: it is not what dbt writes"),
    manifest("binary", bytes(range(256)) * 40, "manifest.json: it is not JSON in UTF-8"),
    manifest("UTF-16", json.dumps(MANIFEST).encode("utf-16"), "manifest.json: it is not JSON in UTF-8"),
    manifest("a lone surrogate", RAW.replace(b'"project_name": "small"', b'"project_name": "\\ud800"'), "manifest.json: it is not complete JSON"),
    manifest("nested without end", DEEP, "manifest.json: it is not complete JSON"),
    manifest("a circle", CYCLE, "nodes depend on each other in a circle"),
    Bad("gzip that is none", "manifest.json.gz: it cannot be read", {"t/manifest.json.gz": RAW}),
    Bad("gzip cut off", "manifest.json.gz: it cannot be read", {"t/manifest.json.gz": gzip.compress(RAW)[:-40]}),
    Bad("gzip of nothing", "manifest.json.gz: it is empty", {"t/manifest.json.gz": gzip.compress(b"")}),
    Bad("gzip bomb", "manifest.json.gz: it unpacks to more than", {"t/manifest.json.gz": gzip.compress(bytes(20_000_000))}),
    Bad("zstd that is none", r"manifest.json.zst: (it is not a zstd file|reading .zst needs)", {"t/manifest.json.zst": b"(\xb5/\xfdrubbish"}),
    # its neighbours
    beside("run results cut off", "run_results.json", b'{"metadata": {', "run_results.json: it is not complete JSON"),
    beside("run results are a manifest", "run_results.json", MANIFEST, "run_results.json: it is not what its name says: manifest/v12.json"),
    beside("run results without results", "run_results.json", {"metadata": metadata("run-results", 6)}, "run_results.json: it has no key 'results'"),
    beside("sources of another kind", "sources.json", {"metadata": metadata("catalog", 1), "results": []}, "sources.json: it is not what its name says"),
    beside("sources empty", "sources.json", b"", "sources.json: it is empty"),
    # names
    assess("unknown node", "twinn --category data-quality", "^twinn: no node has this name. Did you mean"),
    assess("unknown node in control characters", "\x1b[2Jboo --category data-quality", r"^\\x1b\[2Jboo: no node has this name"),
    assess("ambiguous node", "twin --category data-quality", "^twin: names 2 nodes. Use one of: small.twin, other.twin"),
    assess("disabled node", "off --category data-quality", "^off: (it )?is disabled"),
    assess("a selector as a node", "+a+ --category data-quality", r"^\+a\+: (it )?is a selector, .* Use --select"),
    assess("a file without a node", "models/none.sql --category data-quality", "^models/none.sql: no node of the manifest is defined in this file"),
    assess("no node", "--category data-quality", "^--category: it is about failing nodes. Name them, or leave it out for what aftershock detect finds"),
    words("no node to plan for", "plan --category data-quality", "^NODE: nothing is named. Name what failed, or select it with --select"),
    assess("nothing on standard input", "- --category data-quality", "^standard input: it names no node"),
    assess("blank lines on standard input", "- --category data-quality", "^standard input: it names no node", b"\n \n"),
    assess("a later beginning", "a --category data-quality --since 2026-03-02 --detected-at 2026-03-01", "^--since: .* after the incident was detected"),
    assess("a detection to come", "a --category data-quality --detected-at 2999-01-01", "^--detected-at: 2999-01-01 is in the future"),
    assess("an unconfirmed something", "a --category data-quality --unconfirmed", "^--unconfirmed: it is about a data loss, not data-quality"),
    assess("rubbish on standard input", "- --category data-quality", "no node has this name", b"\xff\xfe\x00rubbish"),
    words("standard input twice", "assess - --manifest - --category data-quality", "both read standard input", b"a"),
    words("no manifest on standard input", "assess a --manifest - --category data-quality", "^standard input: it is empty"),
    words("rubbish manifest on standard input", "assess a --manifest - --category data-quality", "^standard input: it is not complete JSON", b"{"),
    # selectors
    assess("--exclude alone", "a --exclude b --category data-quality", "^--exclude: .* Give --select too"),
    assess("selector method unknown", "--select nope:x --category data-quality", "nope"),
    assess("selector grammar", "--select a,, --category data-quality", "."),
    assess("state needs two manifests", "--select state:modified --category data-quality", "state:modified"),
    assess("selects nothing", "--select tag:none --category data-quality", "tag:none"),
    assess("result without run results", "--select result:error --category data-quality", "result"),
    # options
    assess("no category", "a", "^--category: it must be given. Use one of: data-quality, "),
    assess("unknown category", "a --category meltdown", "^--category: there is no 'meltdown'. Use one of: data-quality, "),
    assess("bad time", "a --category data-quality --since yesterday", "^--since: 'yesterday' is not a time"),
    assess("bad end", "a --category data-quality --until 2026-13-01", "^--until: '2026-13-01' is not a time"),
    assess("bad detection", "a --category data-quality --detected-at noon", "^--detected-at: 'noon' is not a time"),
    assess("ends before it starts", "a --category data-quality --since 2026-03-02 --until 2026-03-01", "^--until: 2026-03-01 is not after --since 2026-03-02"),
    assess("severity without a reason", "a --category data-quality --severity P1", "^--severity: an override needs a reason"),
    assess("reason without a severity", "a --category data-quality --reason why", "^--reason: it goes with --severity"),
    assess("unknown severity", "a --category data-quality --severity P9 --reason x", "^--severity: there is no 'P9'. Use one of: P0, P1, P2, P3"),
    assess("unknown gate", "a --category data-quality --fail-on worst", "^--fail-on: there is no 'worst'"),
    assess("unknown format", "a --category data-quality --format pdf", "^--format: there is no 'pdf'. Use one of: text, markdown"),
    assess("unknown option", "a --category data-quality --formt json", "^--formt: there is no such option. Use --format"),
    words("option without a value", "assess a --target-dir t --category", "^--category: it requires an argument. See aftershock --help"),
    words("unknown command", "asses a", "^asses: there is no such command. Use one of: detect, assess, "),
    words("unknown option of the program", "--verbose", "^--verbose: there is no such option"),
    words("one argument too many", "doctor t", "^aftershock doctor: got unexpected extra argument"),
    words("unknown shell", "completion tcsh", "^SHELL: there is no 'tcsh'. Use one of: bash, zsh, fish"),
    # configuration
    config("unknown key", b"severty: {}\n", "aftershock.yml:1: .*severity"),
    config("not YAML", b"severity: [\n", "aftershock.yml"),
    config("a list for settings", b"- a\n", "aftershock.yml"),
    config("wrong type", b"severity: {many_tables: lots}\n", "aftershock.yml:1: .*many_tables"),
    config("empty configuration", b"", "aftershock.yml: (it )?is empty"),
    config("an exposure of nothing", b"exposures: [{name: x, depends_on: [nowhere]}]\n", "nowhere"),
    assess("no such configuration", "a --category data-quality --config none.yml", "^none.yml: (it )?is not there"),
    # output
    assess("output into nowhere", "a --category data-quality --output none/out.md", r"^none/out.md: there is no directory .*none\. Make it first"),
    assess("output is a directory", "a --category data-quality --output t", "^t: this is a directory"),
    words("init over a file", "init --target-dir t --output out.txt", "out.txt: it is there already. Give --force"),
    words("init into nowhere", "init --target-dir t --output none/x.yml", "none/x.yml: there is no directory"),
    words("doctor of nowhere", "doctor --target-dir nowhere", "^nowhere: there is no such directory"),
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out.txt").write_text("precious")
    monkeypatch.setattr("aftershock.artifacts.files.RATIO_APPLIES_FROM", 4_000_000)
    return tmp_path


def lay(place: Path, files: dict[str, Any]) -> None:
    for name, content in files.items():
        path = place / name
        write(path.parent, path.name, content)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_input_is_one_line_and_exit_code_2(bad: Bad, place: Path, run: Callable[..., Outcome]) -> None:
    lay(place, bad.files)
    extra = ("--output", "out.txt") if bad.words[0] == "assess" and "--output" not in bad.words else ()
    found = run(bad.words[0], *extra, *bad.words[1:], stdin=bad.stdin)
    assert found.code == 2, found
    assert found.out == ""
    assert re.fullmatch(r"[^\n]+: [^\n]+[.?]\n", found.err), found.err
    assert re.search(bad.expected, found.err), found.err
    assert "bug" not in found.err
    assert (place / "out.txt").read_text() == "precious"
    assert sorted(path.name for path in place.iterdir() if path.name.endswith(".tmp")) == []


def test_there_are_more_than_thirty_of_them() -> None:
    assert len({bad.name for bad in BAD}) == len(BAD) > 30


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_with_format_json_the_error_is_json_on_standard_output_too(bad: Bad, place: Path, run: Callable[..., Outcome]) -> None:
    if "--format" in bad.words or bad.words[0] in {"init", "completion"} or bad.words[-1] in {"--verbose", "--category"}:
        pytest.skip("no --format can follow")
    lay(place, bad.files)
    found = run(*bad.words, "--format", "json", stdin=bad.stdin)
    assert found.code == 2
    error = json.loads(found.out)["error"]
    assert found.err.startswith(error["place"].split("\x1b")[0])
    assert error["problem"]


def test_a_path_that_names_too_much(run: Callable[..., Outcome]) -> None:
    found = run("doctor", "--target-dir", "x" * 5000)
    assert (found.code, found.err.count("\n")) == (2, 1)
    assert "bug" not in found.err


def test_numbers_that_no_machine_holds(place: Path, run: Callable[..., Outcome]) -> None:
    raw = RAW.replace(b'"project_name": "small"', b'"project_name": 1' + b"0" * 5000)
    lay(place, {"t/manifest.json": raw})
    found = run(*ASSESS)
    assert found.code in {0, 2}
    assert "bug" not in found.err


def test_a_nul_byte_in_a_name_is_shown_and_harmless(place: Path, run: Callable[..., Outcome]) -> None:
    bad = node("a\x00b", "model.small.a")
    lay(place, {"t/manifest.json": changed("nodes/x", bad)})
    found = run(*ASSESS, "--all")
    assert found.code == 0, found.err
    assert "\x00" not in found.out
    assert r"a\x00b" in found.out
