"""Hostile templates: nothing outside is reached, nothing huge is built, and there is always one kind of error."""

from __future__ import annotations

import contextlib
import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from templates import macro, text

from aftershock.jinja import CannotRender

ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ['__class__']|map('first') | list | map(attribute='__class__') | list }}",
    "{{ [''] | map(attribute='__class__') | list }}",
    "{{ [''] | map('attr', '__class__') | list }}",
    "{{ ['']|sum(attribute='__class__') }}",
    "{{ [1]|groupby('__class__') }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{% set n = namespace() %}{{ n.__class__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ lipsum() }}",
    "{{ dict.__base__ }}",
    "{{ dict.mro() }}",
    "{{ range.__class__ }}",
    "{{ ref.__globals__ }}",
    "{{ ref.__func__ }}",
    "{{ ref.im_func }}",
    "{{ ref('items').__class__ }}",
    "{{ ref('items')._path }}",
    "{{ this.__init__.__globals__ }}",
    "{{ this['_path'] }}",
    "{{ config._config }}",
    "{{ var._places }}",
    "{{ env_var._values }}",
    "{{ context['context']._names }}",
    "{{ adapter._context }}",
    "{{ model._node }}",
    "{{ log.__globals__ }}",
    "{{ tojson.__globals__ }}",
    "{{ modules.re.compile.__globals__ }}",
    "{{ modules.os }}",
    "{{ modules.datetime.sys }}",
    "{{ modules.datetime.datetime.__class__ }}",
    "{{ modules.datetime.datetime._class }}",
    "{{ modules.itertools.chain.__globals__ }}",
    "{{ '{0.__class__}'.format('') }}",
    "{{ '{0[__class__]}'.format('') }}",
    "{{ '{a.__class__}'.format(a=ref) }}",
    "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "{{ ['{0.__class__}'] | map('format', 1) | list }}",
    "{% set f = '{0.__class__}'.format %}{{ [''] | map(f) }}{{ f('') }}",
    "{{ (1).__class__ }}",
    "{{ (1).to_bytes(3, 'big') }}",
    "{{ 'x'.encode() }}",
    "{{ none.__class__ }}",
    "{{ [].__class__ }}",
    "{{ ({}).__class__ }}",
    "{{ {}.fromkeys }}",
    "{{ (missing or '').__class__ }}",
    "{{ missing.__class__ }}",
    "{% macro m() %}{% endmacro %}{{ dbt_macro__m.__func__ }}{{ dbt_macro__m._func }}",
    "{% for x in [1] %}{{ loop._iterable }}{% endfor %}",
    "{% for x in [1] %}{{ loop.__class__ }}{% endfor %}",
    "{% call(x) helper() %}{{ caller.__globals__ }}{% endcall %}",
    "{% import 'os' as os %}{{ os }}",
    "{% include '/etc/passwd' %}",
    "{% extends 'x' %}",
    "{% from 'x' import y %}",
    "{{ ''.__class__ is defined }}",
    "{{ exceptions.__class__ }}",
    "{{ api.Relation._style }}",
    "{{ api.Relation.create.__func__ }}",
    "{{ graph.__class__ }}",
    "{{ builtins.__class__ }}",
    "{{ builtins['eval'] }}",
    "{{ open('/etc/passwd') }}",
    "{{ x.__init__(1) }}",
    "{{ (modules.re.match('a', 'a')).__class__ }}",
    "{{ (modules.re.match('a', 'a')).re.scanner }}",
    "{{ [1, 2].__iter__().gi_frame }}",
    "{{ ([1] | map('string')).gi_frame }}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_nothing_outside_is_reached(source: str) -> None:
    with pytest.raises(CannotRender) as caught:
        text(source, macro("shop", "{% macro helper() %}{{ caller(1) }}{% endmacro %}"))
    assert len(caught.value.reason) <= 240
    assert "\n" not in caught.value.reason
    assert "root:" not in caught.value.reason


HUGE = [
    "{{ 'a' * 10**9 }}",
    "{{ 10**9 * 'a' }}",
    "{{ [0] * 10**9 }}",
    "{{ (0,) * 10**9 }}",
    "{{ 10**(10**10) }}",
    "{{ 2 ** 99999999 }}",
    "{% set x = 9 ** 400 %}{{ x * x * x * x * x * x * x * x * x * x }}",
    "{{ range(10**9) | list }}",
    "{{ range(10**18) }}",
    "{% for x in range(10**9) %}{% endfor %}",
    "{{ 'a'.center(10**9) }}",
    "{{ 'a'|center(10**9) }}",
    "{{ 'a'.ljust(10**9) }}",
    "{{ 'a'.zfill(10**9) }}",
    "{{ '\\t'.expandtabs(10**9) }}",
    "{{ 'a'|indent(10**9) }}",
    "{{ ('a\\n' * 100000)|indent(2000) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%.1000000000f' % 1 }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '{:{}}'.format(1, 1000000000) }}",
    "{{ '{:>1000000000}'.format_map({}) }}",
    "{{ [1]|batch(10**9, 0)|list }}",
    "{{ [1]|slice(10**9)|list }}",
    "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x|length }}",
    "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x|length }}",
    "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}{% endfor %}{{ ns.x|length }}",
    "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x|replace('a', 'aaaa') %}{% endfor %}",
    "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x.replace('a', 'aaaa') %}{% endfor %}",
    "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x.join([ns.x, ns.x, ns.x]) %}{% endfor %}",
    "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x]|join(ns.x) %}{% endfor %}",
    "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = '%s%s' % (ns.x, ns.x) %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x|length }}",
    "{% set x = [1] %}{% for i in range(60) %}{% do x.extend(x) %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|string }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ tojson(ns.x) }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}{{ ns.x ~ '' }}",
    "{{ modules.itertools.product(range(1000), range(1000), range(1000)) }}",
    "{{ modules.itertools.repeat(1) }}",
    "{{ modules.re.sub('', 'x' * 1000000, 'y' * 1000) }}",
    "{% for i in range(200000) %}{{ 'x' * 1000 }}{% endfor %}",
    "{{ again() }}",
    "{{ ping() }}",
    "{{ bloat('xxxxxxxxxx') }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "[" * 100000 + " }}",
    "{{ 1" + " + 1" * 50000 + " }}",
    "{% if 1 %}" * 300 + "{% endif %}" * 300,
    "{{ fromyaml('a0: &a0 [1]\\n" + "".join(f"a{n}: &a{n} [*a{n - 1},*a{n - 1},*a{n - 1}]\\n" for n in range(1, 30)) + "') }}",
]
MACROS = (
    macro("shop", "{% macro again() %}{{ again() }}{% endmacro %}"),
    macro("shop", "{% macro ping() %}{{ pong() }}{% endmacro %}"),
    macro("shop", "{% macro pong() %}{{ shop.ping() }}{% endmacro %}"),
    macro("shop", "{% macro bloat(x) %}{{ bloat(x ~ x) }}{% endmacro %}"),
)


@pytest.mark.parametrize("source", HUGE, ids=range(len(HUGE)))
def test_nothing_huge_is_built(source: str) -> None:
    started = time.monotonic()
    with pytest.raises(CannotRender):
        text(source, *MACROS)
    assert time.monotonic() - started < 20


def test_the_environment_is_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_SECRET", "hunter2")
    assert "AFTERSHOCK_SECRET" in os.environ
    assert text("{{ env_var('AFTERSHOCK_SECRET', 'none') }}") == "none"
    with pytest.raises(CannotRender, match="env_var 'AFTERSHOCK_SECRET' has no default"):
        text("{{ env_var('AFTERSHOCK_SECRET') }}")


def test_one_rendering_leaves_no_trace_in_the_next() -> None:
    known = {"vars": {"names": ["a"]}, "target": {"extra": {"a": 1}}}
    spoil = "{% do var('names').append('b') %}{% do config.get('meta').update({'x': 1}) %}{% do target.extra.update({'b': 2}) %}{% do model.meta.update({'x': 1}) %}"
    config = {"meta": {}}
    text(spoil, config=config, **known)
    assert text("{{ var('names') }}{{ config.get('meta') }}{{ target.extra }}{{ model.meta }}", config=config, **known) == "['a']{}{'a': 1}{'owner': 'ann'}"


def test_what_a_reason_quotes_is_one_bounded_line() -> None:
    with pytest.raises(CannotRender) as caught:
        text("{{ exceptions.raise_compiler_error('line one\\n\\nline two' ~ 'x' * 5000) }}")
    assert caught.value.reason.startswith("it raises an error itself: line one line two")
    assert len(caught.value.reason) == 240


def outcome(source: str) -> str:
    """The text, or nothing where it is refused; any other error is the test's failure."""
    with contextlib.suppress(CannotRender):
        return text(source)
    return ""


PIECES = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", " for ", " in ", " if ", " set ", "x", "ref", "('items')", ".", "|", "[", "]", "(", ")", "'", "~", "=", "__class__", "1", "*"]
)  # fmt: skip


@settings(deadline=None)  # the first compiles the sandbox's own code
@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_template_is_rendered_or_refused(source: str) -> None:
    assert "<class" not in outcome(source)


EXPRESSIONS = st.recursive(
    st.sampled_from(["''", "1", "[1]", "{'a': 1}", "this", "ref", "ref('items')", "config", "missing", "none", "dict", "range", "api", "model", "adapter", "modules.re"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["name", "append", "format", "get", "__init__", "_style", "keys", "sub"])).map(lambda pair: f"{pair[0]}.{pair[1]}"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]})({pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]})[{pair[1]}]"),
        st.tuples(inner, st.sampled_from("+*%~"), inner).map(lambda three: f"({three[0]}) {three[1]} ({three[2]})"),
        st.tuples(inner, st.sampled_from(["upper", "list", "string", "tojson", "join", "attr('__class__')", "first"])).map(lambda pair: f"({pair[0]})|{pair[1]}"),
    ),
    max_leaves=6,
)  # fmt: skip


@settings(deadline=None)  # as above
@given(EXPRESSIONS)
def test_any_expression_is_rendered_or_refused(expression: str) -> None:
    found = outcome("{{ " + expression + " }}")
    assert "__globals__" not in found
    assert " at 0x" not in found
