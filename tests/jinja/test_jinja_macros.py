"""Macros: which one a name means, what it gives back, and what graph shows to it."""

from __future__ import annotations

import pytest
from templates import macro, text

from aftershock.jinja import CannotRender


def says(package: str, name: str, says: str = "") -> object:
    return macro(package, f"{{% macro {name}() %}}{says or package}{{% endmacro %}}")


@pytest.mark.parametrize(
    ("source", "unique_id", "expected"),
    [
        ("{{ m() }}", "model.shop.orders", "shop"),
        ("{{ m() }}", "model.kit.tools", "kit"),
        ("{{ kit.m() }}", "model.shop.orders", "kit"),
        ("{{ only_kit() }}", "model.kit.tools", "kit"),
        ("{{ inner() }}", "model.shop.orders", "dbt_duckdb"),
        ("{{ dbt.inner() }}", "model.shop.orders", "dbt_duckdb"),
        ("{{ kit.get('m')() }}{{ kit['m']() }}{{ context['kit'].m() }}", "model.shop.orders", "kitkitkit"),
        ("{{ context['m']() }}", "model.shop.orders", "shop"),
    ],
)
def test_a_name_is_looked_up_from_the_node(source: str, unique_id: str, expected: str) -> None:
    macros = [says("shop", "m"), says("kit", "m"), says("kit", "only_kit"), says("dbt", "inner"), says("dbt_duckdb", "inner")]
    assert text(source, *macros, unique_id=unique_id) == expected  # type: ignore[arg-type]


def test_a_macro_of_another_package_is_not_found_by_its_bare_name() -> None:
    with pytest.raises(CannotRender, match="only_kit"):
        text("{{ only_kit() }}", says("kit", "only_kit"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("adapter", "present", "expected"),
    [
        ("redshift", ("default__d", "postgres__d", "redshift__d"), "redshift__d"),
        ("redshift", ("default__d", "postgres__d", "spark__d"), "postgres__d"),
        ("databricks", ("default__d", "spark__d"), "spark__d"),
        ("duckdb", ("default__d", "postgres__d"), "default__d"),
    ],
)
def test_dispatch_prefers_the_most_special(adapter: str, present: tuple[str, ...], expected: str) -> None:
    macros = [says("kit", name, name) for name in present]
    assert text("{{ adapter.dispatch('d', 'kit')() }}", *macros, adapter=adapter) == expected  # type: ignore[arg-type]


def test_dispatch_prefers_the_project_and_follows_its_configuration() -> None:
    macros = [says("kit", "default__d"), says("shop", "default__d"), says("shims", "default__d")]
    source = "{{ adapter.dispatch('d', macro_namespace='kit')() }}"
    assert text(source, *macros) == "shop"  # type: ignore[arg-type]
    assert text(source, *macros, dispatch={"kit": ["shims", "kit"]}) == "shims"  # type: ignore[arg-type]
    assert text("{{ adapter.dispatch('d')() }}", *macros) == "shop"  # type: ignore[arg-type]
    assert text("{{ adapter.dispatch('d', packages=['kit'])() }}", *macros) == "kit"  # type: ignore[arg-type]


def test_return_gives_any_value() -> None:
    macros = (
        macro("shop", "{% macro pair() %}ignored{% for x in [1, 2] %}{% do return([x, this]) %}{% endfor %}{% endmacro %}"),
        macro("shop", "{% macro outer() %}{{ return(pair()[0] + 1) }}{% endmacro %}"),
    )
    assert text("{{ outer() }}{{ pair()[1] }}", *macros) == '2"prod"."sales"."orders"'


def test_arguments_defaults_types_and_callers() -> None:
    macros = (
        macro("shop", "{% macro typed(a: str, b: Dict[str, List[int]] = none, *c) %}{% endmacro %}"),
        macro("shop", "{% macro plain(a, b='x', n: int = 2) %}{{ a }}{{ b }}{{ n }}{{ varargs }}{{ kwargs }}{% endmacro %}"),
        macro("shop", "{% macro around() %}<{{ caller('in') }}>{% endmacro %}"),
        macro("shop", "{% macro lacking(a) %}[{{ a }}]{% endmacro %}"),
        macro("shop", "{% macro config_of(config) %}{{ config('called') }}{% endmacro %}"),
    )
    assert text("{{ plain(1, 2, 3, 4, z=5) }}", *macros) == "123(4,){'z': 5}"
    assert text("{% call(x) around() %}{{ x }}{{ this.name }}{% endcall %}", *macros) == "<inorders>"
    assert text("{{ lacking() }}", *macros) == "[]"
    assert text("{{ config_of(local_md5)[:3] }}", *macros) == text("{{ local_md5('called')[:3] }}")
    with pytest.raises(CannotRender, match="error in its syntax"):
        text("{{ typed(1) }}", *macros)


def test_a_macro_may_replace_a_function_of_dbt() -> None:
    own = macro("shop", "{% macro ref(name) %}{% do return(builtins.ref(name).include(database=false)) %}{% endmacro %}")
    assert text("{{ ref('items') }}", own) == '"sales"."items"'


def test_whether_a_run_is_incremental_is_the_callers_to_say() -> None:
    own = macro("dbt", "{% macro is_incremental() %}{{ load_relation(this) }}{% endmacro %}")
    assert text("{{ is_incremental() }}", own, incremental=True) == "True"


def test_a_file_of_materializations_is_parsed_and_a_name_that_lies_is_refused() -> None:
    block = macro("shop", "{% macro m() %}{% endmacro %}{% materialization x, adapter='duckdb', supported_languages=['sql'] %}{{ a }}{% endmaterialization %}")
    assert text("{{ m() }}", block) == ""
    with pytest.raises(CannotRender, match=r"macro shop\.other is not what its name says"):
        text("{{ other() }}", type(block)("other", "shop", "{% macro m() %}{% endmacro %}"))


WALK = """{% macro walk() %}
{%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('name', 'equalto', 'items') -%}
{{ node.unique_id }}:{% for c in node.columns.values() | selectattr('meta') %}{{ c.name }}{{ c.meta['sensitive'] }}{% endfor %};
{%- endfor -%}
{% endmacro %}"""


def test_graph_shows_nodes_and_sources() -> None:
    walk = macro("shop", WALK)
    assert text("{{ walk() }}", walk) == "model.shop.items:skuTrue;model.kit.items:;"
    assert text("{{ graph.sources['source.shop.raw.events'].identifier }}{{ graph.nodes['x'] is defined }}", walk) == "eventsFalse"
    assert text("{{ graph.nodes['model.shop.orders'].config.materialized }}{{ graph['nodes']|length }}", walk) == "incremental8"
    for source in ("{{ graph.exposures }}", "{{ graph.nodes['model.shop.items'].description }}", "{{ graph.nodes['model.shop.items'].depends_on.macros }}"):
        with pytest.raises(CannotRender):
            text(source, walk)
