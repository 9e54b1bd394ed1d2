"""Names, owners and addresses that attack whoever reads the answer: it is given, and inert."""

from __future__ import annotations

import copy
import json
import re
import shlex
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from manifests import MANIFEST, metadata, node, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Outcome

FORMATS = ("text", "markdown", "json", "mermaid", "dot")

PAYLOADS = {
    "terminal": "x\x1b[2J\x1b]0;owned\x07\x9b31m\rgone\b\b",
    "direction": "x\u202egnp.exe\u2066\u200b\ufeff",
    "html": "x<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markdown": "x](javascript:alert(1)) **b** `c` | d | @channel <!-- -->",
    "heading": "x\n\n# Resolved\n- [x] all clear\n```\nrm -rf /\n",
    "shell": "x'; touch owned; $(touch owned) `touch owned` && \"",
    "option": "--full-refresh",
    "mermaid": 'x"]:::failing\nclick n0 call alert(1)\n%%{init: {}}%%',
    "dot": 'x" URL="javascript:alert(1)"]; }\\',
    "template": "x{{ 7 * 7 }}{% raw %}${jndi}%s{0}",
    "rich": "x[bold red]y[/bold red][link=file:///etc/passwd]z[/link]:boom:",
    "nul": "x\x00y",
}


def poisoned(text: str) -> dict[str, Any]:
    """A manifest in which everything that a person may write says ``text``."""
    whole = copy.deepcopy(MANIFEST)
    whole["metadata"].update(project_name=text, dbt_version=text, adapter_type=text, generated_at=text, invocation_id=text)
    owner = {"name": text, "email": f"{text}@example.com", "slack": f"#{text}"}
    whole["nodes"]["model.small.bad"] = node(
        text, "model.small.a", unique_id="model.small.bad", relation_name=text, database=text, schema=text, alias=text, original_file_path=f"models/{text}.sql",
        fqn=["small", text], tags=[text, "finance"], group=text, access="public", version=text,
        config={"materialized": "incremental", "incremental_strategy": text, "unique_key": text, "meta": {"owner": text, text: text, "tier": 1, "gdpr": text}},
        columns={text: {"name": text, "meta": {"pii": text}, "tags": ["pii"]}},
    )  # fmt: skip
    whole["nodes"][f"model.{text}"] = node(text, "model.small.bad", unique_id=f"model.{text}", package=text)
    whole["exposures"]["exposure.small.bad"] = {
        "unique_id": "exposure.small.bad", "resource_type": "exposure", "name": text, "label": text, "type": text, "maturity": text, "url": f"https://x.example/{text}",
        "package_name": "small", "depends_on": {"nodes": ["model.small.bad"]}, "owner": owner, "meta": {"subscribers": [text]},
    }  # fmt: skip
    whole["exposures"]["exposure.small.worse"] = {**whole["exposures"]["exposure.small.bad"], "unique_id": "exposure.small.worse", "url": f"javascript:{text}"}
    whole["saved_queries"] = {
        "saved_query.small.bad": {
            "unique_id": "saved_query.small.bad", "resource_type": "saved_query", "name": text, "package_name": "small",
            "depends_on": {"nodes": ["model.small.bad"]}, "exports": [{"name": text, "config": {"alias": text, "schema_name": text}}],
        }
    }  # fmt: skip
    whole["groups"] = {"group.small.bad": {"name": text, "package_name": "small", "owner": owner}}
    return whole


def unsafe(printed: str) -> set[str]:
    """Characters that steer a terminal or hide, line ends apart."""
    return {char for char in printed if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}


@pytest.fixture
def lay(tmp_path: Path) -> Callable[[str], Path]:
    def write_all(text: str) -> Path:
        run_results = {
            "metadata": {**metadata("run-results", 6), "invocation_id": text},
            "args": {"which": text, "target": text},
            "results": [{"unique_id": "model.small.a", "status": text, "message": text, "timing": []}, {"unique_id": text, "status": "error"}],
        }
        sources = {"metadata": metadata("sources", 3), "results": [{"unique_id": text, "status": text, "error": text}]}
        write(tmp_path / "t", "run_results.json", run_results)
        write(tmp_path / "t", "sources.json", sources)
        return write(tmp_path / "t", "manifest.json", poisoned(text)).parent

    return write_all


@pytest.mark.parametrize("category", ["data-quality", "data-loss"])
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_every_format_is_inert(payload: str, format_: str, category: str, lay: Callable[[str], Path], run: Callable[..., Outcome]) -> None:
    found = run("assess", "a", "--category", category, "--target-dir", lay(payload), "--format", format_, "--all")
    assert (found.code, found.err) == (0, "")
    assert unsafe(found.out) == set()
    check = {"markdown": _markdown_is_inert, "json": _json_is_inert, "mermaid": _mermaid_is_inert, "dot": _dot_is_inert}.get(format_)
    if check is not None:
        check(found.out)
    if format_ == "text":
        assert "\n# Resolved" not in found.out


def _markdown_is_inert(printed: str) -> None:
    without_blocks = re.sub(r"(?ms)^(```+)sh\n.*?^\1$", "", printed)
    outside = re.sub(r"(`+).+?\1", "", without_blocks)  # code shows what is in it, and does nothing
    assert not re.search(r"<(script|img|!--)", outside)
    assert not re.search(r"(?<!\\)\]\(<?javascript", outside)
    assert not re.search(r"(?<!%20)@channel", outside)  # in an address it mentions nobody
    assert "# Resolved" not in re.sub(r"(?m)^.*\S.*# Resolved.*$", "", printed)


def _json_is_inert(printed: str) -> None:
    answer = json.loads(printed)
    assert answer["schema_version"]
    steps = [step for phase in answer["recovery"]["phases"] for step in phase["steps"]]
    for step in steps:
        for command in step["commands"]:
            if "$'" not in command:
                assert shlex.split(command) == step["argv"]
    assert not [link for link in answer["links"] if not link["url"].startswith("https://")]


def _mermaid_is_inert(printed: str) -> None:
    assert not re.search(r"(?m)^\s*(click n\d+ call|%%)", printed)
    for line in printed.splitlines():
        assert line.count('"') % 2 == 0, line
    assert "<script" not in printed
    assert "<img" not in printed


def _dot_is_inert(printed: str) -> None:
    for line in printed.splitlines():
        quotes = re.sub(r"\\.", "", line).count('"')
        assert quotes % 2 == 0, line
    assert 'URL="javascript' not in re.sub(r"\\.", "", printed)


@pytest.mark.parametrize("words", [("--format", "text"), ("--format", "json")], ids=["text", "json"])
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_doctor_is_inert(payload: str, words: tuple[str, ...], lay: Callable[[str], Path], run: Callable[..., Outcome]) -> None:
    found = run("doctor", "--target-dir", lay(payload), *words)
    assert (found.code, found.err) == (0, "")
    assert unsafe(found.out) == set()


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_errors_are_inert_and_on_one_line(payload: str, lay: Callable[[str], Path], run: Callable[..., Outcome]) -> None:
    target = lay(payload)
    for name in (payload.replace("\0", ""), f"nothing{payload}".replace("\0", "")):
        found = run("assess", "--category", "data-quality", "--target-dir", target, "--", name)
        assert unsafe(found.out + found.err) == set()
        assert found.code == 0 or (found.code == 2 and found.err.count("\n") == 1)
        assert "bug" not in found.err


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_init_stays_a_file_of_comments(payload: str, lay: Callable[[str], Path], run: Callable[..., Outcome]) -> None:
    import yaml

    found = run("init", "--target-dir", lay(payload), "--output", "-")
    assert (found.code, found.err) == (0, "")
    assert unsafe(found.out) == set()
    assert yaml.safe_load(found.out) is None
