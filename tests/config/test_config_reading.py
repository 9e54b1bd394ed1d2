"""aftershock.yml: found, read strictly, explained."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftershock.config import explain, find_config, load_policy
from aftershock.errors import ConfigError
from aftershock.model import SEVERITY_RULES, Clocks, DeclaredExposure, NotifyTarget, Owner, OwnerRule, Policy, Severity
from aftershock.model.policy import DIMENSIONS, Acknowledgement, CheckPolicy, CheckScope, DetectRule


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "aftershock.yml"


def load(file: Path, text: str) -> Policy:
    file.write_text(text, encoding="utf-8")
    return load_policy(file)


WHOLE = """
severity:
  many_exposures: 5
  many_tables:
  automation_types: reverse_etl
  production_targets: [prod, 1]
  rules: {lower-no-consumer: off, raise-export: true}
markers:
  critical_tags: [Tier0, -SLA, tier0]
  critical_meta_values: [1, true, ~x]
clocks:
  impact_checklist: 100
  next_update: {P0: 20, P3: }
owners:
  - {path: "models/*", tag: nightly, owner: &growth "Growth <growth@example.com> @growth"}
  - node: orders
    owner: {name: Orders, slack: "#orders"}
default_owner: "@oncall"
exposures:
  - name: Board
    depends_on: [fct_orders, fct_orders, raw.orders]
    owner: *growth
    url: https://bi.example.com/b?x=1
    meta: {tier: 1, live: yes, note: , list: [a, 1.5, ~, 2026-01-01, 0x1f], deep: {off: no}}
  - {name: Other, depends_on: a, type: ml, maturity: high}
docs_url: http://docs.example.com
templates: incidents/templates
notify:
  - name: Data incidents
    url: slack://${AFTERSHOCK_SLACK_TOKEN}@data-incidents
    documents: [resolution, notification, resolution]
    severity: P1
    mentions: [S0123ABCD, here]
  - {name: owners, url: "mailtos://bot:${AFTERSHOCK_SMTP}@smtp.example.com?to={email}", audience: owners}
check:
  fail_on: P2
  acknowledge:
    - {node: orders, kind: column-removed, column: a, reason: Known, owner: *growth, until: 2026-12-31}
    - {path: models/staging, tag: core, reason: 1, owner: "@x", until: "2027-01-01"}
  scopes:
    - {path: models/sandbox, fail_on: never}
  sql_comments: yes
detect:
  rules:
    - {name: Flaky, test: "assert_*", node: stg_orders, category: ignore}
    - {name: 2, message: 503, tag: nightly, category: pipeline-failure, confidence: low}
  dimensions: {Completeness: data-quality, punctuality: stale-data}
"""


def test_everything_that_can_be_said(file: Path) -> None:
    policy = load(file, WHOLE)
    growth = Owner("Growth", "growth@example.com", "@growth")
    assert policy.severity.many_exposures == 5
    assert policy.severity.many_tables == 10
    assert policy.severity.automation_types == ("application", "ml", "reverse_etl")
    assert policy.severity.production_targets == ("prod", "1")
    assert policy.severity.rules == {"lower-no-consumer": False, "raise-export": True}
    assert policy.markers.critical_tags == ("critical", "p0", "p1", "tier1", "tier-1", "Tier0")
    assert policy.markers.critical_meta_values == (*Policy().markers.critical_meta_values, "~x")
    assert policy.clocks == Clocks(impact_checklist=100, next_update={"P0": 20, "P1": 60, "P2": 240, "P3": 1440})
    assert policy.owners == (OwnerRule(growth, path="models/*", tag="nightly"), OwnerRule(Owner("Orders", "", "#orders"), node="orders"))
    assert policy.default_owner == Owner("", "", "@oncall")
    meta = {"tier": 1, "live": True, "list": ["a", "1.5", None, "2026-01-01", "0x1f"], "deep": {"off": False}}
    board = DeclaredExposure("Board", ("fct_orders", "raw.orders"), owner=growth, url="https://bi.example.com/b?x=1", meta=meta)
    assert policy.exposures == (board, DeclaredExposure("Other", ("a",), type="ml", maturity="high"))
    assert policy.docs_url == "http://docs.example.com"
    assert policy.templates_folder == file.parent / "incidents" / "templates"
    slack, mail = policy.notify
    assert slack == NotifyTarget(
        "Data incidents", "slack://${AFTERSHOCK_SLACK_TOKEN}@data-incidents", ("resolution", "notification"), Severity.P1, "engineers", ("S0123ABCD", "here")
    )
    assert mail == NotifyTarget("owners", "mailtos://bot:${AFTERSHOCK_SMTP}@smtp.example.com?to={email}", audience="owners")
    assert mail.documents == ("notification", "update", "resolution")
    flaky = DetectRule("Flaky", "ignore", test="assert_*", node="stg_orders")
    assert policy.detect.rules == (flaky, DetectRule("2", "pipeline-failure", message="503", tag="nightly", confidence="low"))
    assert policy.detect.dimensions == {**DIMENSIONS, "completeness": "data-quality", "punctuality": "stale-data"}
    known = Acknowledgement("Known", growth, "2026-12-31", node="orders", kind="column-removed", column="a")
    assert policy.check == CheckPolicy(
        "P2",
        (known, Acknowledgement("1", Owner("", "", "@x"), "2027-01-01", path="models/staging", tag="core")),
        (CheckScope("never", path="models/sandbox"),),
        sql_comments=True,
    )
    assert policy.path == str(file)


@pytest.mark.parametrize(
    "text", ["# nothing yet\n", "---\n", "~\n", "severity:\nmarkers: ~\nowners:\nclocks: {next_update: }\n", "\ufeff# a byte order mark\n"]
)
def test_saying_nothing_keeps_the_defaults(file: Path, text: str) -> None:
    assert load(file, text) == Policy(path=str(file))


def test_no_file_is_the_defaults() -> None:
    assert load_policy(None) == Policy()
    assert Policy().templates_folder is None


REFUSED = {
    "severity:\n  many_tabels: 3": ":2: severity.many_tabels is not a setting. Did you mean many_tables?",
    "sevrity: 1": ":1: sevrity is not a setting. Did you mean severity?",
    "markers: {criticalTags: x}": ":1: markers.criticalTags is not a setting. Did you mean critical_tags?",
    "xyzzy: 1": ":1: xyzzy is not a setting. Known are: severity, markers, clocks, detect, check, owners, default_owner, exposures, docs_url, timezone, templates, notify.",
    "severity: {rules: {raise-many-tabels: no}}": ":1: severity.rules.raise-many-tabels is not a severity rule. Did you mean raise-many-tables?",
    "severity: {rules: {raise_many_tables: no}}": ":1: severity.rules.raise_many_tables is not a severity rule. Did you mean raise-many-tables?",
    "clocks: {next_update: {P7: 3}}": "clocks.next_update.P7 is not a severity. Did you mean P3?",
    "owners: [{paht: x, owner: y}]": "owners[0].paht is not a key of an owner rule. Did you mean path?",
    "default_owner: {nam: x}": "default_owner.nam is not a part of an owner. Did you mean name?",
    "exposures: [{name: x, depends: y}]": "exposures[0].depends is not a key of an exposure. Did you mean depends_on?",
    "<<: {a: 1}": ":1: << is not a setting.",
    '"\\e[31mevil\\n": 1': ":1: '\\x1b[31mevil\\n' is not a setting.",
    f"{'k' * 100}: 1": f":1: {'k' * 59}… is not a setting.",
    "check: {fail_on: breking}": "check.fail_on must be one of breaking, risky, P0, P1, P2, P3, never, not breking.",
    "check: {acknowledge: [{node: a, reason: b, owner: c, until: 2026-02-30}]}": "acknowledge[0].until must be a day such as 2026-12-31, not 2026-02-30.",
    "check: {acknowledge: [{reason: b, owner: c, until: 2026-12-31}]}": "acknowledge[0] matches nothing in particular. Give one of node, path, tag.",
    "check: {acknowledge: [{node: a, owner: c, until: 2026-12-31}]}": "acknowledge[0] has no reason. Add reason:.",
    "check: {scopes: [{path: a, fail_on: P1}]}": "scopes[0].fail_on must be one of breaking, risky, never, not P1.",
    "": ": is empty. Remove it, or write a setting.",
    " \n ": ": is empty.",
    "- a": ":1: the file must be a mapping, not a list.",
    "text": ':1: the file must be a mapping, not "text".',
    "severity: [a]": ":1: severity must be a mapping, not a list. Write keys under it: many_exposures,",
    "severity: 3": ":1: severity must be a mapping, not 3.",
    "owners: {path: x}": 'owners must be a list, not a mapping. Start each entry with "- ".',
    "exposures: x": 'exposures must be a list, not "x".',
    "owners: [x]": 'owners[0] must be a mapping, not "x".',
    "severity: {many_tables: '3'}": 'severity.many_tables must be a whole number from 1 to 1000000, not "3".',
    "severity: {many_tables: 0}": "must be a whole number",
    "severity: {many_tables: 1000001}": "must be a whole number",
    "severity: {many_tables: 010}": "must be a whole number",
    "severity: {many_tables: 1.5}": "must be a whole number",
    "severity: {many_tables: [3]}": "must be a whole number from 1 to 1000000, not a list",
    "severity: {rules: {raise-export: 0}}": "severity.rules.raise-export must be true or false, not 0.",
    "severity: {rules: [raise-export]}": "severity.rules must be a mapping, not a list.",
    "severity: {automation_types: {a: b}}": "severity.automation_types must be one value, not a mapping.",
    "markers: {critical_tags: [a, [b]]}": "markers.critical_tags[1] must be one value, not a list.",
    "markers: {critical_tags: [a, ]}\nx:": ":2: x is not a setting",
    "markers:\n  critical_tags:\n    -\n": ":3: markers.critical_tags[0] is empty.",
    "markers: {critical_tags: ['']}": "markers.critical_tags[0] is empty.",
    "markers: {critical_tags: -gold}": "markers.critical_tags takes away gold, which is not there. Present are: critical,",
    "severity: {production_targets: [-dev]}": "takes away dev, which is not there. Present are: none.",
    "owners: [{owner: x}]": "owners[0] matches nothing in particular. Give one of path, tag, package, node, or use default_owner.",
    "owners: [{path: x}]": "owners[0] has no owner. Add owner:",
    "owners: [{path: x, owner: 'a, b'}]": "owners[0].owner names 2 owners.",
    "owners: [{path: x, owner: [a]}]": "owners[0].owner must be one owner, not a list.",
    "default_owner: TBD": "default_owner names nobody.",
    "default_owner: {name: }": "default_owner names nobody.",
    "detect: {rules: [{name: a, test: '*', category: ignore}]}": "detect.rules[0].test matches everything.",
    "detect: {rules: [{name: a, test: 'a*b*c*d*e*f*g*h*i*j', category: ignore}]}": "has more than 8 *",
    f"detect: {{rules: [{{name: a, message: {'x' * 201}, category: ignore}}]}}": "is longer than 200 characters",
    "detect: {rules: [{name: a, test: b, category: Ignore}]}": "must be a category, not Ignore. Use one of: data-quality,",
    "detect: {rules: [{name: a, test: b, category: ignore}, {name: A, node: c, category: ignore}]}": "has the name A, which another one has",
    "detect: {rules: [{name: a, category: ignore}]}": "matches nothing in particular. Give one of test, message, node, tag.",
    "detect: {rules: [{name: a, regex: b, category: ignore}]}": "detect.rules[0].regex is not a key of a rule.",
    "detect: {rules: [{name: a, test: b, category: ignore, confidence: sure}]}": "must be one of high, medium, low, not sure.",
    "detect: {dimensions: {validity: ignore}}": "detect.dimensions.validity must be a category, not ignore.",
    "timezone: EST": "timezone must be UTC or a region and city (Europe/Berlin), not EST.",
    "timezone: Europe/Atlantis": "timezone cannot be followed: there is no time zone 'Europe/Atlantis'. Write the region and city: Europe/Berlin.",
    "timezone: europe/berlin": "Did you mean Europe/Berlin?",
    "docs_url: javascript:alert(1)": "docs_url must start with http:// or https://",
    "docs_url: 'https://a b'": "hold no blanks",
    'docs_url: "https://a\\u202eb"': "docs_url must start with",
    "templates: ../x": "templates must be a folder below this file's, with / between its parts, not ../x.",
    "templates: /x": "templates must be a folder below",
    'templates: "a\u202e"': "templates must be a folder below",
    "exposures: [{name: x}]": "exposures[0] has no depends_on.",
    "exposures: [{depends_on: x}]": "exposures[0] has no name.",
    "exposures: [{name: x, depends_on: []}]": "exposures[0].depends_on is empty. Name what it reads.",
    "exposures: [{name: a b, depends_on: x}, {name: A-b, depends_on: y}]": "exposures[1] has the name A-b, which another one has (a b).",
    "exposures: [{name: x, depends_on: y, meta: [1]}]": "exposures[0].meta must be a mapping, not a list. Write keys under it.",
    "docs_url: a\ndocs_url: b": ":2: docs_url is there twice, first in line 1. Keep one.",
    "? [a]\n: b": ":1: has a key that is not a word.",
    "docs_url: a\n---\ndocs_url: b": ":2: starts a second document. Keep one.",
    "severity:\n\tmany_tables: 3": ":2: is not valid YAML: found character that cannot start any token. Indent with blanks, not with tabs.",
    "default_owner: @oncall": ":1: is not valid YAML:",
    "docs_url: 'x": "is not valid YAML:",
    "docs_url: \x01": ": is not valid YAML: control characters are not allowed.",
    "docs_url: *b": ":1: *b stands for nothing. Write &b before what it stands for.",
    "owners: &a [*a]": "*a stands for nothing",
    "docs_url: !!python/object/apply:os.system [x]": "the tag tag:yaml.org,2002:python/object/apply:os.system is not supported.",
    "docs_url: !env X": "the tag !env is not supported.",
    "severity: !!set {a: b}": "is not supported",
    "[" * 5000: ":1: is nested too deeply. At most 12 levels.",
    "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9)): "holds more than 20000 values",
    "[" + "1," * 20_001 + "]": "holds more than 20000 values",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=[text[:40] for text in REFUSED])
def test_what_cannot_be_followed_is_one_clear_line(file: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(file, text)
    assert f"{file}{said}" in str(caught.value) if said.startswith(":") else said in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_either_loader_of_pyyaml_will_do(file: Path, loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    if loader == "SafeLoader":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert load(file, WHOLE).severity.many_exposures == 5
    with pytest.raises(ConfigError, match="tabs"):
        load(file, "severity:\n\tmany_tables: 3")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load(file, "docs_url: \x01")


def test_explicit_core_tags_are_fine(file: Path) -> None:
    assert load(file, "severity: !!map {production_targets: !!seq [!!str 1, ! 2]}").severity.production_targets == ("1", "2")


def test_what_cannot_be_read(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, said in ((tmp_path / "absent.yml", "is not there"), (tmp_path, "is a folder")):
        with pytest.raises(ConfigError, match=said):
            load_policy(path)
    file.write_bytes(b"# fine\ndocs_url: \xff\xfe")
    with pytest.raises(ConfigError, match=":2: is not UTF-8"):
        load_policy(file)
    file.write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="is larger than 1000000 bytes"):
        load_policy(file)

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(ConfigError, match="cannot be read \\(Permission denied\\)"):
        load_policy(file)


@given(st.text() | st.text("{}[]:-&*!|>'\"#%@,? \n\tab1") | st.binary())
def test_no_input_is_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    said = ""
    try:
        load_policy(file)
    except ConfigError as error:
        said = str(error)
    assert said.isprintable()


def test_what_is_in_force_and_from_where(file: Path) -> None:
    policy = load(file, WHOLE)
    rows = {row.key: (row.value, row.origin) for row in explain(policy, file)}
    assert rows["severity.many_exposures"] == (5, f"{file}:3")
    assert rows["severity.many_tables"] == (10, "default")
    assert rows["severity.rules.lower-no-consumer"] == (False, f"{file}:7")
    assert rows["severity.rules.raise-public-model"] == (True, "default")
    assert rows["clocks.next_update.P0"] == (20, f"{file}:13")
    assert rows["clocks.next_update.P3"] == (1440, "default")
    assert rows["markers.critical_tags"][1] == f"{file}:9"
    assert rows["default_owner"] == ({"slack": "@oncall"}, f"{file}:18")
    assert rows["docs_url"] == ("http://docs.example.com", f"{file}:26")


def test_without_a_file_all_is_default() -> None:
    rows = explain(Policy(), None)
    assert {row.origin for row in rows} == {"default"}
    assert [row.key for row in rows if row.key.startswith("severity.rules.")] == [f"severity.rules.{rule}" for rule in SEVERITY_RULES]
    assert len({row.key for row in rows}) == len(rows)


def put(folder: Path, name: str = "aftershock.yml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("#\n")
    return folder / name


def test_the_nearest_file_upwards(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    top = put(tmp_path)
    assert find_config(tmp_path / "a" / "target") == top
    near = put(tmp_path / "a", "aftershock.yaml")
    assert find_config(tmp_path / "a" / "target") == near
    assert find_config(tmp_path / "a" / "target" / "manifest.json") == near
    assert find_config(near.parent) == near


def test_the_search_ends_with_the_checkout(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path / "repo" / "shop", "dbt_project.yml")
    (tmp_path / "repo" / ".git").write_text("gitdir: elsewhere")
    assert find_config(tmp_path / "repo" / "shop" / "target") is None
    shared = put(tmp_path / "repo")
    assert find_config(tmp_path / "repo" / "shop" / "target") == shared


def test_without_a_checkout_the_search_ends_with_the_project(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path / "shop", "dbt_project.yml")
    assert find_config(tmp_path / "shop" / "target") is None
    own = put(tmp_path / "shop")
    assert find_config(tmp_path / "shop" / "target") == own


def test_without_a_project_the_search_ends_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert find_config(tmp_path / "home" / "x") is None
    at_home = put(tmp_path / "home")
    assert find_config(tmp_path / "home" / "x" / "y") == at_home


def test_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    found = put(tmp_path)
    (tmp_path / "target").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_config(Path("target")) == found


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_folders_for_everybody_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "other"))
    shared = tmp_path / "shared"
    found = put(shared)
    shared.chmod(0o1777)
    assert find_config(shared / "mine") is None
    assert find_config(shared) == found
    shared.chmod(0o777)  # a mount without modes
    assert find_config(shared / "mine") == found


def test_a_folder_that_vanishes_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = put(tmp_path)
    (tmp_path / ".git").mkdir()

    def gone(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file")

    folders = [tmp_path / "target", tmp_path]
    monkeypatch.setattr("aftershock.config.reading._folders", lambda _: folders)
    monkeypatch.setattr(Path, "stat", gone)
    assert find_config(tmp_path / "target") == found


def test_both_spellings_side_by_side_are_refused(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "aftershock.yaml")
    with pytest.raises(ConfigError, match=r"aftershock\.yaml: aftershock\.yml is there too\. Keep one of them\."):
        find_config(tmp_path)


@given(
    st.sets(st.sampled_from([f"markers.{name}" for name in Policy().markers.__struct_fields__] + ["severity.automation_types"])),
    st.sets(st.text("abc", min_size=1)),
)
def test_adding_words_never_loses_one(tmp_path_factory: pytest.TempPathFactory, keys: set[str], words: set[str]) -> None:
    file = tmp_path_factory.getbasetemp() / "words.yml"
    sections: dict[str, list[str]] = {}
    for key in keys:
        section, _, name = key.partition(".")
        sections.setdefault(section, []).append(f"  {name}: [{', '.join(sorted(words))}]")
    file.write_text("#\n" + "".join(f"{section}:\n" + "\n".join(lines) + "\n" for section, lines in sections.items()))
    policy = load_policy(file)
    for name in Policy().markers.__struct_fields__:
        assert set(getattr(policy.markers, name)) >= set(getattr(Policy().markers, name))
        assert set(getattr(policy.markers, name)) >= (words if f"markers.{name}" in keys else set())


def test_a_folder_of_templates_that_leads_out_is_refused(file: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (file.parent / "linked").symlink_to(elsewhere)
    (file.parent / "inside").symlink_to(file.parent / "real")
    for text in ("templates: linked", "templates: linked/deeper"):
        with pytest.raises(ConfigError, match=r"templates is a link that leads out of this file's folder"):
            load(file, text)
    assert load(file, "templates: inside").templates == "inside"
