"""The published schema, the reference page and the starter say what the reader does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aftershock.config import load_policy, schema, starter
from aftershock.config.settings import SETTINGS, value_of
from aftershock.config.starting import quoted
from aftershock.errors import ConfigError
from aftershock.model import SEVERITY_RULES, Column, ExposureInfo, Group, Node, Owner, Policy, Project, ProjectInfo, SourceInfo

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def reference() -> str:
    return (REFERENCE / "configuration.md").read_text(encoding="utf-8")


def is_valid(text: str) -> bool:
    return bool(jsonschema.Draft202012Validator(schema()).is_valid(yaml.safe_load(text)))


def test_the_published_schema_is_this_one() -> None:
    assert json.loads((REFERENCE / "aftershock.schema.json").read_text(encoding="utf-8")) == schema()
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_example_of_the_reference_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", reference(), re.DOTALL)
    (tmp_path / "aftershock.yml").write_text(example, encoding="utf-8")
    policy = load_policy(tmp_path / "aftershock.yml")
    assert is_valid(example)
    assert [item.name for item in policy.exposures] == ["Board report"]
    assert policy.owners[0].owner == Owner("Finance Data", "finance-data@example.com", "#finance-data")
    assert "sla" not in policy.markers.critical_tags
    assert {key for key in value_top(policy) if value_top(policy)[key] != value_top(Policy())[key]} == set(value_top(policy))


def value_top(policy: Policy) -> dict[str, object]:
    return {setting.key.partition(".")[0]: value_of(policy, setting.key.partition(".")[0]) for setting in SETTINGS}


def as_text(default: object) -> str:
    if isinstance(default, tuple):
        return ", ".join(f"`{word}`" for word in default) or "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, dict):
        return ", ".join(f"{key} {value}" for key, value in default.items()) or "all on"
    return str(default or "none")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_is_in_the_reference_with_its_default(setting: object) -> None:
    key = setting.key.partition(".")[2] or setting.key  # type: ignore[attr-defined]
    assert f"| `{key}` | {as_text(setting.default)} | {setting.about} |" in reference()  # type: ignore[attr-defined]


def test_the_reference_names_every_rule() -> None:
    listed = re.findall(r"^- `([a-z0-9-]+)`$", reference(), re.MULTILINE)
    assert tuple(listed) == SEVERITY_RULES


def test_every_field_of_the_policy_is_a_setting() -> None:
    policy = Policy()
    keys = {f"{top}.{name}" for top in ("severity", "markers", "clocks", "detect", "check") for name in getattr(policy, top).__struct_fields__}
    assert keys | {"owners", "default_owner", "exposures", "docs_url", "timezone", "templates", "notify"} == {setting.key for setting in SETTINGS}


ACCEPTED = [
    "severity: {many_tables: 3, rules: {raise-export: false}}",
    "severity: {many_tables: , rules: }",
    "severity: {production_targets: prod, automation_types: [1, true, -ml]}",
    "clocks: {next_update: {P0: 5}}",
    "owners: [{path: a, owner: x}, {tag: a, node: b, owner: {name: x, email: y@example.com}}]",
    "default_owner: {slack: '@a'}",
    "exposures: [{name: a, depends_on: b}, {name: c, depends_on: [b], owner: x, url: 'https://x', meta: {a: [1]}}]",
    "docs_url: https://x",
    "timezone: Europe/Berlin",
    "timezone: America/Argentina/Buenos_Aires",
    "timezone: UTC",
    "clocks: {postmortem: 60}",
    "owners: []",
    "check: {fail_on: P1, sql_comments: true, scopes: [{path: a, fail_on: never}, {tag: b, node: , fail_on: risky}]}",
    "check: {acknowledge: [{node: a, reason: b, owner: c, until: '2026-12-31'}]}",
    "check: {acknowledge: [{tag: a, kind: column-removed, column: x, reason: b, owner: {email: c@example.com}, until: '2026-12-31'}]}",
    "check: {fail_on: , acknowledge: , scopes: , sql_comments: }",
    "detect: {rules: [{name: a, test: 'x*', category: ignore}, {name: b, message: 1, node: , category: data-loss, confidence: low}]}",
    "detect: {rules: , dimensions: {Speed: stale-data, validity: }}",
    "templates: incidents/our templates/",
    "templates: .aftershock.d",
    "notify: []",
    "notify: [{name: a, url: 'slack://${AFTERSHOCK_T}@c', documents: , severity: , audience: , mentions: }]",
    "notify: [{name: 1.5, url: '${AFTERSHOCK_URL}', documents: update, severity: P1, mentions: [here, 7]}]",
    "notify: [{name: A b-c, url: 'mailtos://u:${AFTERSHOCK_P}@h?to={email}', documents: [postmortem, checklist], audience: owners}]",
    "~",
]
REFUSED = [
    "x: 1",
    "[]",
    "severity: {x: 1}",
    "severity: {many_tables: 0}",
    "severity: {many_tables: x}",
    "severity: {rules: {x: true}}",
    "severity: {rules: {raise-export: 1}}",
    "markers: {critical_tags: [[a]]}",
    "markers: {critical_tags: {a: b}}",
    "clocks: {next_update: {P9: 5}}",
    "owners: [{owner: x}]",
    "owners: [{path: x}]",
    "owners: [{path: x, owner: [a]}]",
    "owners: [{path: x, owner: {x: y}}]",
    "owners: {path: x}",
    "default_owner: {}",
    "exposures: [{name: a}]",
    "exposures: [{name: a, depends_on: []}]",
    "exposures: [{name: a, depends_on: b, x: 1}]",
    "exposures: [{name: a, depends_on: b, url: 'ftp://x'}]",
    "docs_url: x",
    "timezone: CET",
    "timezone: Europe/",
    "timezone: ../etc/passwd",
    "clocks: {postmortem: 0}",
    "detect: {rules: [{name: a, category: ignore}]}",
    "detect: {rules: [{test: a, category: ignore}]}",
    "detect: {rules: [{name: a, test: b}]}",
    "detect: {rules: [{name: a, test: b, category: wrong}]}",
    "detect: {rules: [{name: a, test: b, category: ignore, confidence: sure}]}",
    "detect: {rules: [{name: a, test: b, category: ignore, regex: c}]}",
    "detect: {rules: {name: a, test: b, category: ignore}}",
    "detect: {dimensions: {validity: ignore}}",
    "detect: {dimensions: [validity]}",
    "check: {fail_on: P4}",
    "check: {fail_on: Breaking}",
    "check: {sql_comments: 1}",
    "check: {scopes: [{path: a}]}",
    "check: {scopes: [{fail_on: never}]}",
    "check: {scopes: [{path: a, fail_on: P1}]}",
    "check: {acknowledge: [{reason: b, owner: c, until: '2026-12-31'}]}",
    "check: {acknowledge: [{node: a, owner: c, until: '2026-12-31'}]}",
    "check: {acknowledge: [{node: a, reason: b, until: '2026-12-31'}]}",
    "check: {acknowledge: [{node: a, reason: b, owner: c}]}",
    "check: {acknowledge: [{node: a, reason: b, owner: c, until: '31.12.2026'}]}",
    "check: {acknowledge: [{node: a, kind: broken, reason: b, owner: c, until: '2026-12-31'}]}",
    "check: {acknowledge: {node: a}}",
    "templates: /etc",
    "templates: ..",
    "templates: a/../b",
    "templates: ./a",
    "templates: C:/a",
    "templates: a//b",
    "templates: [a]",
    "notify: {name: a, url: 'json://h'}",
    "notify: json://h",
    "notify: [json://h]",
    "notify: [{name: a}]",
    "notify: [{url: 'json://h'}]",
    "notify: [{name: -a, url: 'json://h'}]",
    "notify: [{name: a, url: h}]",
    "notify: [{name: a, url: 'json://h h'}]",
    "notify: [{name: a, url: '${AFTERSHOCK_A}x'}]",
    "notify: [{name: a, url: 'json://h', documents: []}]",
    "notify: [{name: a, url: 'json://h', documents: [all]}]",
    "notify: [{name: a, url: 'json://h', severity: P4}]",
    "notify: [{name: a, url: 'json://h', audience: everybody}]",
    "notify: [{name: a, url: 'json://h', mentions: []}]",
    "notify: [{name: a, url: 'json://h', colour: red}]",
]


@pytest.mark.parametrize("text", [*ACCEPTED, *REFUSED])
def test_schema_and_reader_agree(tmp_path: Path, text: str) -> None:
    (tmp_path / "aftershock.yml").write_text(text, encoding="utf-8")
    try:
        load_policy(tmp_path / "aftershock.yml")
        accepted = True
    except ConfigError:
        accepted = False
    assert accepted == is_valid(text) == (text in ACCEPTED)


def shop() -> Project:
    people = Owner("Growth")
    nodes = [
        Node("model.shop.dim", "model", "dim", "shop", tags=("tier0", "sla", "finance_mart"), access="public"),
        Node("model.extra.x", "model", "x", "extra", tags=("pii_vault",), columns=(Column("a", tags=("pii",)),)),
        Node("exposure.shop.a", "exposure", "a", "shop", exposure=ExposureInfo(type="reverse_etl")),
        Node("exposure.shop.b", "exposure", "b", "shop", exposure=ExposureInfo(type="dashboard", owners=(people,))),
        *(Node(f"source.shop.raw.s{i:02}", "source", f"s{i:02}", "shop", source=SourceInfo("raw")) for i in range(15)),
        *(Node(f"source.shop.ads.s{i}", "source", f"s{i}", "shop", path="models/[a]ds.yml", source=SourceInfo("ads")) for i in range(2)),
        Node("source.shop.raw.owned", "source", "owned", "shop", source=SourceInfo("raw", meta={"owner": "@x"})),
        Node("source.shop.raw.grouped", "source", "grouped", "shop", group="g", source=SourceInfo("raw")),
    ]
    groups = {"g": Group("g", owners=(people,)), "lost": Group("lost")}
    return Project(ProjectInfo(name="shop"), {node.unique_id: node for node in nodes}, groups=groups)


EMPTY = Project(ProjectInfo(), {})


def uncommented(text: str) -> str:
    """What is left when "# " is taken from every line that has it."""
    return "\n".join(line.removeprefix("# ") for line in text.splitlines())


@pytest.mark.parametrize("project", [EMPTY, shop()], ids=["empty", "shop"])
def test_each_block_of_a_starter_is_one_setting_in_force_once_it_is_uncommented(tmp_path: Path, project: Project) -> None:
    file = tmp_path / "aftershock.yml"
    head, *blocks = starter(project).split("\n\n")
    assert yaml.safe_load(uncommented(head)) is None
    tops = []
    for number, block in enumerate(blocks):
        text = "\n\n".join([head, *blocks[:number], uncommented(block), *blocks[number + 1 :]])
        file.write_text(text, encoding="utf-8")
        (top,) = yaml.safe_load(text)
        assert is_valid(text)
        assert value_top(load_policy(file))[top] != value_top(Policy())[top] or top in {"clocks", "markers"}
        tops.append(top)
    assert sorted(tops) == sorted(value_top(Policy()))


@pytest.mark.parametrize("project", [EMPTY, shop()], ids=["empty", "shop"])
def test_a_starter_changes_nothing_until_its_comments_are_taken_away(tmp_path: Path, project: Project) -> None:
    file = tmp_path / "aftershock.yml"
    file.write_text(starter(project), encoding="utf-8")
    assert load_policy(file) == Policy(path=str(file))
    file.write_text(uncommented(starter(project)), encoding="utf-8")
    policy = load_policy(file)
    assert policy.severity.rules == {"lower-no-consumer": False}
    assert policy.default_owner == Owner("", "", "@data-oncall")
    assert is_valid(uncommented(starter(project)))


def test_a_starter_suggests_what_the_manifest_lacks(tmp_path: Path) -> None:
    file = tmp_path / "aftershock.yml"
    file.write_text(uncommented(starter(shop())), encoding="utf-8")
    policy = load_policy(file)
    assert "tier0" in policy.markers.critical_tags
    assert "finance_mart" in policy.markers.financial
    assert "pii_vault" in policy.markers.privacy
    assert "reverse_etl" in policy.severity.automation_types
    assert {rule.package for rule in policy.owners} == {"", "extra"}
    named = [rule.node for rule in policy.owners if rule.node]
    assert named == ["exposure.shop.a", *(f"source.shop.raw.s{i:02}" for i in range(12))]
    assert [rule.path for rule in policy.owners if rule.path] == ["models/staging/*", "models/[a]ds.yml"]
    assert policy.exposures[0].depends_on == ("dim",)
    assert "Sources without an owner (and 3 more)" in starter(shop())
    assert "Groups without an owner (name one in dbt): [lost]" in starter(shop())


HOSTILE = st.text(st.characters() | st.sampled_from("\n\r\t\x85\u2028\u2029\x00\x1b#:\"'\\[]{},&*!|>%@`-? "), min_size=1)


@given(HOSTILE)
def test_hostile_names_stay_in_their_place(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    nodes = [
        Node(name, "model", name, name, tags=(f"tier{name}",), access="public"),
        Node(f"exposure.{name}", "exposure", name, name, exposure=ExposureInfo(type=name)),
        Node(f"source.{name}", "source", name, name, source=SourceInfo(name)),
    ]
    text = starter(Project(ProjectInfo(name=name[::-1]), {node.unique_id: node for node in nodes}, groups={name: Group(name)}))
    assert all(line == "" or line.startswith("#") for line in re.split(r"[\r\n\x85\u2028\u2029]", text))
    file = tmp_path_factory.getbasetemp() / "hostile.yml"
    file.write_text(text, encoding="utf-8")
    assert load_policy(file) == Policy(path=str(file))
    yaml.safe_load(uncommented(text))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_name_is_that_name(name: str) -> None:
    assert quoted(name).isprintable()
    assert yaml.safe_load(f"a: {quoted(name)}\nb: [{quoted(name)}]") == {"a": name, "b": [name]}
