from __future__ import annotations

import pytest

from aftershock.jinja.branches import Part, parts, plain


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("select 1 from t", []),
        ("select 1 {% if is_incremental() %} where a {% endif %}", []),
        ("{% for c in cols %}{{ c }}{% if not loop.last %},{% endif %}{% endfor %}", []),
        ("{% if execute %} a {% endif %}", []),
        ("{% if target.name == 'prod' %} where  a -- why\n{% endif %}", [(("if target.name == 'prod'",), "where a")]),
        ("{%- if var('x', false) -%} a {%- else -%} b {% endif %}", [(("if var('x', false)",), "a"), (("if var('x', false)", "else"), "b")]),
        (
            "{% if a %}x{% elif flags.FULL_REFRESH %}y{% else %}z{% endif %}",
            [(("if a", "elif flags.FULL_REFRESH"), "y"), (("if a", "elif flags.FULL_REFRESH", "else"), "z")],
        ),
        ("{% set dev = target.name == 'dev' %}{% if dev %} limit 9 {% endif %}", [((), "{% set dev = target.name == 'dev' %}"), (("if dev",), "limit 9")]),
        ("{% set days = var('days', 3) %} where d > {{ days }}", []),
        ("{{ 'limit 9' if target.name == 'dev' }}", [((), "{{ 'limit 9' if target.name == 'dev' }}")]),
        ("{% if is_prod() %} a {% endif %}", [(("if is_prod()",), "a")]),
        ("{# {% if target.name %} a {% endif %} #} b", []),
        ("{% if 'target' == x %} a {% endif %}", []),
        ("{% if target.name %}{% if is_incremental() %} a {% endif %} b {% endif %}", [(("if target.name",), "a"), (("if target.name",), "b")]),
        ("{% if target.name %}{% for x in y %} a {% else %} b {% endfor %}{% endif %}", [(("if target.name",), "a"), (("if target.name",), "b")]),
        ("{% if target.type == 'snowflake' %} a {% endif %}", []),
        ("{% endif %}{% else %} a", []),
    ],
)
def test_what_another_run_may_not_have(template: str, expected: list[tuple[tuple[str, ...], str]]) -> None:
    assert [(part.conditions, part.text) for part in parts(template)] == expected


@pytest.mark.parametrize(
    ("template", "by"),
    [
        ("{% if var('x', false) %} a {% endif %}", {"var"}),
        ("{% set x = var('x', none) %}{% if x %} a {% endif %}", {"var"}),
        ("{% if var('x', false) and target.name == 'prod' %} a {% endif %}", {"var", "target"}),
        ("{% if is_prod(var('x')) %} a {% endif %}", {"var", "call"}),
        ("{{ 'a' if env_var('X', '') }}", {"env_var"}),
    ],
)
def test_what_decides(template: str, by: set[str]) -> None:
    assert {name for part in parts(template) for name in part.by} == by


def test_what_stands_in_the_sql_is_all_but_its_expressions() -> None:
    part = Part(("if target.name",), "where a = {{ x }} and b")
    assert part.is_in(plain("select *\nfrom t\n-- only\nwhere a = 3   and b"))
    assert not part.is_in(plain("select * from t where a = 3 and c"))
