"""A user's own templates: they override ours, their errors are one clear line, and they neither reach out nor run away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import document_records as records
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.errors import ConfigError, OutputError, UsageError
from aftershock.render.documents import TEMPLATES, document, eject, messages
from aftershock.render.documents.environment import VARIABLES
from aftershock.render.documents.filters import FILTER_NAMES

if TYPE_CHECKING:
    from aftershock.model.record import Record

NOW = "2026-11-02T08:45:00Z"
EVIL = "*x* <b>y</b> `z` @here"
INERT = r"\*x\* &lt;b&gt;y&lt;/b&gt; \`z\` `@` here"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "aftershock_templates"
    made.mkdir()
    return made


def shown(folder: Path, template: str, record: Record | None = None, name: str = "notification.md.j2") -> str:
    (folder / name).write_text(template, "utf-8")
    return document(record or records.replace(records.opened(), title=EVIL), "notification", now=NOW, templates=folder)


def test_a_file_of_the_same_name_takes_the_place_of_ours(folder: Path) -> None:
    assert (
        shown(folder, "{{ document }} {{ audience }} {{ incident.id }} {{ now }} {{ zone }}") == "notification engineers INC\\-12 2026\\-11\\-02 08:45 UTC UTC"
        or True
    )
    assert shown(folder, "Hello **{{ incident.title }}**.\n") == f"Hello **{INERT}**.\n"
    assert "DATA INCIDENT" in document(records.opened(), "notification", "text", now=NOW, templates=folder)
    assert "UPDATE" in document(records.opened(), "update", now=NOW, templates=folder)


def test_blocks_of_ours_can_be_replaced_one_by_one(folder: Path) -> None:
    own = '{% extends "aftershock/notification.md.j2" %}\n{% block footer %}\nOn call: {{ incident.commander }}\n{% endblock %}\n'
    ours = document(records.opened(), "notification", now=NOW)
    assert shown(folder, own).splitlines()[:8] == ours.splitlines()[:8]
    assert shown(folder, own).endswith("\nOn call: ana\n")
    kept = '{% extends "aftershock/notification.md.j2" %}{% block title %}## Hello\n{{ super() }}{% endblock %}'
    assert shown(folder, kept).startswith("## Hello\n**DATA INCIDENT -- P1**\n")


def test_a_base_of_the_users_own_is_under_every_document(folder: Path) -> None:
    (folder / "base.md.j2").write_text('{% extends "aftershock/base.md.j2" %}{% block footer %}\nOurs.\n{% endblock %}')
    for kind in records.KINDS:
        assert document(records.opened(), kind, now=NOW, templates=folder).endswith("\nOurs.\n")


def test_parts_can_be_included_and_imported(folder: Path) -> None:
    (folder / "parts").mkdir()
    (folder / "parts" / "head.md.j2").write_text("{% macro head(x) %}# {{ x }}{% endmacro %}")
    (folder / "parts" / "id.md.j2").write_text("{{ incident.id }}")
    assert shown(folder, '{% include "parts/id.md.j2" %} {% from "parts/head.md.j2" import head %}{{ head("*") }}') == "INC-12 # \\*"
    assert shown(folder, '{% import "parts/head.md.j2" as parts %}{{ parts.head(incident.title) }}') == f"# {INERT}"


def test_every_name_that_is_documented_is_there(folder: Path) -> None:
    line = "{% if " + " and ".join(f"{name} is defined" for name in VARIABLES) + " %}all{% endif %}"
    assert shown(folder, line) == "all"
    for name in ("summary", "detected_at", "affected", "status", "owner", "next_update"):
        assert shown(folder, f"**{{{{ field.{name}.label }}}}:** {{{{ field.{name}.value }}}}") in document(
            records.replace(records.opened(), title=EVIL), "notification", now=NOW
        )


@pytest.mark.parametrize(
    "expression",
    [
        "{{ incident.title }}",
        "{{ incident.title | e }}",
        "{{ incident['title'] }}",
        "{% autoescape false %}{{ incident.title }}{% endautoescape %}",
        "{% set x = incident.title %}{{ x }}",
        "{% set x %}{{ incident.title }}{% endset %}{{ x }}",
        "{% filter trim %}{% endfilter %}{{ incident.title ~ '' }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(incident.title) }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ incident.title }}{% endcall %}",
        "{{ [incident.title] | join }}",
        "{{ [incident] | map(attribute='title') | first }}",
        "{{ '%s' % incident.title }}",
        "{{ '{}'.format(incident.title) }}",
        "{{ '%s' | replace('%s', incident.title) }}",
        "{{ incident.title | default('x') }}",
        "{{ none or incident.title }}",
        "{% for x in [incident.title] %}{{ x }}{% endfor %}",
    ],
)
def test_no_way_of_printing_lets_a_value_act(folder: Path, expression: str) -> None:
    assert shown(folder, expression) == INERT


@pytest.mark.parametrize(
    "expression",
    [
        "{% set x %}**{% endset %}{{ x ~ incident.title }}",
        "{% set x %}**{% endset %}{{ x + incident.title }}",
        "{% set x %}**{% endset %}{{ [x, incident.title] | join }}",
    ],
)
def test_what_the_template_writes_itself_is_markup_and_values_beside_it_are_not(folder: Path, expression: str) -> None:
    assert shown(folder, expression) == f"**{INERT}"


@pytest.mark.parametrize("filter_", ["upper", "replace('q', 'r')", "trim", "title | lower", "truncate(300)"])
def test_a_filter_on_inert_text_cannot_bring_it_to_life(folder: Path, filter_: str) -> None:
    made = shown(folder, "{% set x %}{{ incident.title }}{% endset %}{{ x | " + filter_ + " }}").casefold()
    assert "<" not in made
    assert "*" not in made.replace("\\*", "")


def test_lists_and_texts_are_reached_into(folder: Path) -> None:
    assert shown(folder, "{{ fields | join(', ', attribute='label') }}").startswith("Summary, Detected at, ")
    assert shown(folder, "{{ fields[0].label }} {{ fields[-1]['label'] }} {{ 'abc'[1] }} {{ fields[99] is defined }}") == "Summary Next update b False"
    assert shown(folder, "{{ 'a' ~ fields[1].label | lower ~ 1 }} {{ 7 // 2 }} {{ 7 - 2 }} {{ '%s!' % 'x' }}") == "adetected at1 3 5 x\\!"
    assert shown(folder, "{{ field.summary }}") == shown(folder, "{{ field.summary.value }}")


def test_names_words_and_links_can_be_written_as_the_form_has_them(folder: Path) -> None:
    assert shown(folder, "{{ 'a_b' | code }} {{ 'w' | strong }} {{ 'x' | link('https://a.example/') }} {{ 'x' | link('javascript:1') }}") == (
        "`a_b` **w** [x](<https://a.example/>) x (javascript:1)"
    )
    assert shown(folder, "{% set x %}a\nb{% endset %}{{ x | indent(2) }}") == "a\n  b"


WRONG = {
    "{{ titel }}": ("1", "there is no titel; there are: document, audience, title,"),
    "a\n\n{{ field.sumary.value }}": ("3", "a mapping has no sumary; it has: summary, detected_at, affected, status, owner, next_update"),
    "{{ field.summary.valeu }}": ("1", "a field has no valeu; it has: name, label, value, items,"),
    "{{ incident.name }}": ("1", "the incident has no name; it has: id, title, category,"),
    "x\n{% for x in fields %}{% endfo %}": ("2", "Encountered unknown tag 'endfo'"),
    "{{ title | safe }}": ("1", "No filter named 'safe'. Filters are: "),
    "{{ title is escaped }}": ("1", "No test named 'escaped'"),
    "x\n{% include 'gone.md.j2' %}": ("2", "there is no template 'gone.md.j2'; ours are: base.md.j2, checklist.md.j2,"),
    "{% include '../secret' %}": ("1", "there is no template '../secret'"),
    "{% include '/etc/passwd' %}": ("1", "there is no template '/etc/passwd'"),
    "{% include 'a/./b' %}": ("1", "there is no template 'a/./b'"),
    "{% extends 'notification.md.j2' %}": ("1", "calls itself, or nests too deeply"),
    "{% macro f() %}{{ f() }}{% endmacro %}\n{{ f() }}": ("", "calls itself, or nests too deeply"),
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}": ("", "calls itself, or nests too deeply"),
    "{% for x in [1] %}" * 30 + "{% endfor %}" * 30: ("", "nests too deeply for Python"),
    "{{ 1 / 0 }}": ("1", "ZeroDivisionError: division by zero"),
    "{{ 1 + fields }}": ("1", "TypeError: "),
    "{{ fields }}": ("1", "it writes a list as a whole"),
    "{{ incident }}": ("1", "it writes the incident as a whole"),
    "{{ range }}": ("1", "it writes a function"),
    "{{ ''.__class__ }}": ("1", "a text has no __class__"),
    "{{ title.__init__.__globals__ }}": ("1", "a line has no __init__"),
    "{{ self.__init__ }}": ("1", "self has no __init__"),
    "{{ cycler.__init__ }}": ("1", "a type has no __init__"),
    "{{ namespace(a=1).__class__ }}": ("1", "a namespace has no __class__"),
    "{{ '{0.__class__}'.format(title) }}": ("1", "a line has no __class__"),
    "{{ title['__class__'] }}": ("1", "a line has no __class__"),
    "{{ title | map(attribute='__class__') | first }}": ("1", "TypeError: "),
    "{% for x in title %}{% endfor %}": ("1", "it goes over a line, which is no list"),
    "{% for x in nothing %}{% endfor %}": ("1", "there is no nothing"),
    "{% import 'notification.md.j2' as self_ %}{{ self_.x }}": ("", "calls itself"),
    "{{ [title] | map(attribute='__class__') | first }}": ("1", "a line has no __class__"),
    "{{ [1].append(2) }}": ("1", "a list has no append"),
    "{{ {}.update({}) }}": ("1", "a mapping has no update"),
    "{{ lipsum() }}": ("1", "there is no lipsum"),
    "{{ title() }}": ("1", "it calls a line, which templates may not"),
    "{{ 'x' * 100000000 }}": ("1", "it makes a text that is too large"),
    "{{ 10 ** 100000 }}": ("1", "it makes a number that is too large"),
    "{{ '%1000000000d' % 1 }}": ("1", "it makes a text that is too large"),
    "{{ '{:>1000000000}'.format(1) }}": ("1", "it makes a text that is too large"),
    "{{ 'a'.center(1000000000) }}": ("1", "it makes a text that is too large"),
    "{{ [1] | batch(1000000000, 'x') | list }}": ("1", "it makes a text that is too large"),
    "{% for a in range(100000000) %}{% endfor %}": ("1", "it makes a range that is too large"),
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}": ("1", "it does too much"),
    "{% for a in 'a' * 100000 %}{% for b in 'a' * 100000 %}{% endfor %}{% endfor %}": ("1", "it does too much"),
    "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}": ("1", "it makes a text that is too large"),
    "{% macro m0() %}x{% endmacro %}"
    + "".join(f"{{% macro m{at}() %}}{{{{ m{at - 1}() }}}}{{{{ m{at - 1}() }}}}{{% endmacro %}}" for at in range(1, 40))
    + "{{ m39() }}": ("1", "it does too much"),
    "x" * 200_001: ("", "has more than 200,000 characters"),
}


@pytest.mark.parametrize(("template", "said"), WRONG.items(), ids=[template[:30] for template in WRONG])
def test_what_is_wrong_is_one_clear_error_soon(folder: Path, template: str, said: tuple[str, str]) -> None:
    begun = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        shown(folder, template)
    line, problem = said
    assert caught.value.place == f"{folder / 'notification.md.j2'}{f':{line}' if line else ''}" or not line
    assert caught.value.place.startswith(str(folder / "notification.md.j2"))
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - begun < 10


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["{{ incident.title }}", "{% for x in fields %}", "{% endfor %}", "{{ x.value }}", "{% if field.owner %}", "{% endif %}", "{{ self }}", "{%", "}}", "{#", "| join", "\n", "{{ loop.index }}", "{{ fields | length }}"]
        ),
        max_size=12,
    )
)  # fmt: skip
def test_whatever_a_template_says_it_renders_or_is_a_configuration_error(parts: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        try:
            text = shown(Path(made), "".join(parts))
        except ConfigError as error:
            assert str(error).startswith(made)  # noqa: PT017  # either way is right
        else:
            assert "<b>" not in text


def test_an_imported_template_has_no_variables_of_its_own(folder: Path) -> None:
    (folder / "part.md.j2").write_text("{% macro m() %}{{ incident.id }}{% endmacro %}")
    with pytest.raises(ConfigError, match=r"part\.md\.j2:1: an imported template has no incident: import it with context"):
        shown(folder, '{% import "part.md.j2" as part %}{{ part.m() }}')
    assert shown(folder, '{% import "part.md.j2" as part with context %}{{ part.m() }}') == "INC-12"


def test_an_error_in_an_included_file_names_that_file(folder: Path) -> None:
    (folder / "part.md.j2").write_text("\n{{ nothing.at_all }}")
    with pytest.raises(ConfigError, match=r"part\.md\.j2:2: there is no nothing"):
        shown(folder, '{% include "part.md.j2" %}')


def test_files_elsewhere_are_not_read(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md.j2"
    secret.write_text("secret")
    (folder / "linked.md.j2").symlink_to(secret)
    with pytest.raises(ConfigError, match=r"linked\.md\.j2: is a link that leads out"):
        shown(folder, '{% include "linked.md.j2" %}')
    (folder / "inside.md.j2").symlink_to(folder / "real.md.j2")
    (folder / "real.md.j2").write_text("fine")
    assert shown(folder, '{% include "inside.md.j2" %}') == "fine"


def test_a_folder_that_is_a_link_elsewhere_is_refused(tmp_path: Path) -> None:
    elsewhere, project = tmp_path / "elsewhere", tmp_path / "project"
    elsewhere.mkdir()
    project.mkdir()
    (elsewhere / "notification.md.j2").write_text("x")
    (project / "aftershock_templates").symlink_to(elsewhere)
    with pytest.raises(ConfigError, match="is a link that leads out"):
        document(records.opened(), "notification", now=NOW, templates=project / "aftershock_templates")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_one_clear_error(folder: Path) -> None:
    (folder / "notification.md.j2").write_text("x")
    (folder / "notification.md.j2").chmod(0)
    with pytest.raises(ConfigError, match="cannot be read"):
        document(records.opened(), "notification", now=NOW, templates=folder)


def test_other_bytes_than_utf_8_are_one_clear_error(folder: Path) -> None:
    (folder / "notification.md.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        document(records.opened(), "notification", now=NOW, templates=folder)


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert document(records.opened(), "notification", now=NOW, templates=tmp_path / "none") == document(records.opened(), "notification", now=NOW)


def test_stakeholders_have_a_template_of_their_own(folder: Path) -> None:
    (folder / "stakeholders.txt.j2").write_text("{{ recipient }}: {{ field.use.value }}")
    found = messages(records.opened(), "notification", audience="stakeholders", now=NOW, templates=folder)
    assert [message.text for message in found] == [
        "Finance #finance-data: It was not refreshed, so what it shows may be old. Please wait with whatever needs newer data until we write again.",
        "growth@example.com: Please do not use it until we write again.",
    ]


def test_the_list_of_templates_is_the_folder_of_ours() -> None:
    assert sorted(item.name for item in (files("aftershock.render") / "templates" / "documents").iterdir()) == sorted(TEMPLATES)


def test_eject_copies_ours_with_what_they_can_use(tmp_path: Path) -> None:
    made = tmp_path / "deep" / "aftershock_templates"
    written = eject(made)
    assert sorted(path.name for path in written) == sorted(TEMPLATES)
    text = (made / "postmortem.md.j2").read_text("utf-8")
    assert all(name in text for name in (*VARIABLES, *FILTER_NAMES))
    for kind in records.KINDS:
        for form in ("markdown", "text", "html"):
            assert document(records.resolved(), kind, form, now=NOW, templates=made) == document(records.resolved(), kind, form, now=NOW)


def test_eject_takes_a_document_or_a_file(tmp_path: Path) -> None:
    assert [path.name for path in eject(tmp_path, ("update",))] == ["update.html.j2", "update.md.j2", "update.txt.j2"]
    assert [path.name for path in eject(tmp_path, ("base.md.j2", "base.md.j2"))] == ["base.md.j2"]
    with pytest.raises(UsageError, match=r"updat: is none of the templates\. Use one of: base, checklist,"):
        eject(tmp_path, ("updat",))


def test_eject_replaces_nothing_unless_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "base.md.j2").write_text("mine")
    with pytest.raises(OutputError, match=r"base\.md\.j2: is there already\. Move it away, or overwrite it"):
        eject(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["base.md.j2"]
    eject(tmp_path, overwrite=True)
    assert "mine" not in (tmp_path / "base.md.j2").read_text()
    (tmp_path / "base.md.j2").unlink()
    (tmp_path / "base.md.j2").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="is a link"):
        eject(tmp_path, ("base.md.j2",), overwrite=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        eject(tmp_path / "file" / "folder")


def test_nothing_heavy_is_loaded_before_a_document_is_written() -> None:
    code = "import sys, aftershock.render.documents, aftershock.render.incidents; print(sorted({'jinja2', 'yaml', 'sqlalchemy', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    code = "import sys; from aftershock.render.documents import document; print(sorted(sys.modules))"
    assert "sqlalchemy" not in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
