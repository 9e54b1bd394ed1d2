"""What dbt's names mean: small templates and what dbt makes of them."""

from __future__ import annotations

import pickle

import msgspec
import pytest
from templates import MODEL, context, macro, node, project, text

from aftershock.jinja import CannotRender, Context, variants
from aftershock.model import Build
from aftershock.model.code import Code, NodeCode

FULL = '"prod"."sales"."orders"'

CASES = [
    ("select 1", "select 1"),
    ("{{ ref('items') }}", '"prod"."sales"."items"'),
    ("{{ ref('kit', 'items') }}", '"prod"."kit"."items"'),
    ("{{ ref('tools') }}", '"prod"."kit"."tools"'),
    ("{{ ref('rates') }}", '"prod"."sales"."rates"'),
    ("{{ ref('dim') }}", '"prod"."sales"."dim_v2"'),
    ("{{ ref('dim', v=1) }}", '"prod"."sales"."dim_v1"'),
    ("{{ ref('dim', version='2') }}", '"prod"."sales"."dim_v2"'),
    ("{{ ref('slim') }}", "__dbt__cte__slim"),
    ("{{ ref('slim').is_cte }}{{ ref('items').is_cte }}", "TrueFalse"),
    ("{{ source('raw', 'events') }}", '"prod"."raw"."events"'),
    ("{{ source('raw', 'files') }}", "read_csv('files.csv')"),
    ("{{ function('net') }}(1)", '"prod"."sales"."net"(1)'),
    ("{{ this }} {{ this.schema }} {{ this.name }} {{ this.table }} {{ this.type }}", f"{FULL} sales orders orders None"),
    ("{{ this.include(database=false) }}", '"sales"."orders"'),
    ("{{ this.quote(identifier=false).include(schema=false, database=false) }}", "orders"),
    ("{{ this.replace_path(identifier='x') }}{{ this.without_identifier() }}", '"prod"."sales"."x""prod"."sales"'),
    ("{{ this.incorporate(type='view').is_view }}{{ this.matches(schema='SALES') }}{{ this.quoted('a') }}", 'TrueTrue"a"'),
    ("{{ this is mapping }}{{ this.get('metadata').type.endswith('Relation') }}{{ this.get('schema') }}{{ this['schema'] }}", "TrueTruesalessales"),
    ("{{ this == ref('orders') }}{{ this == ref('items') }}{{ [this].index(ref('orders')) }}", "TrueFalse0"),
    ("{{ api.Relation.create(schema='s', identifier='t') }}", '"s"."t"'),
    ("{{ api.Relation.create('d', 's', 't', type='view', quote_policy={'schema': false}).is_view }}", "True"),
    ("{{ config(materialized='table', alias=env_var('NOT_KNOWN')) }}select 1", "select 1"),
    ("{{ config({'x': 1}) }}{{ config.get('a', 'd') }}{{ config.get('b') }}{{ config.require('c') }}", "dNone[1]"),
    ("{{ config.meta_get('m') }}{{ config.meta_get('n', 2) }}{{ config.meta_require('m') }}{{ config.set('a', 1) }}", "121"),
    ("{{ config.get('pre_hook') }}{{ config.persist_relation_docs() }}", "['h']False"),
    ("{{ var('known') }}{{ var('unknown', 'd') }}{{ var('none', none) }}{{ var.has_var('known') }}", "kdNoneTrue"),
    ("{{ var('own') }}{{ var('lowest') }}{{ var('made') }}", 'packagelow"prod"."sales"."items"'),
    ("{{ env_var('DBT_ENV_CUSTOM_ENV_TEAM') }}{{ env_var('GIVEN') }}{{ env_var('X', 'd') }}", "salesgivend"),
    ("{{ target.type }}{{ target.name }}{{ target['name'] }}{{ target.get('name') }}", "duckdbdevdevdev"),
    ("{{ is_incremental() }}{{ execute }}{{ flags.FULL_REFRESH }}", "FalseTrueFalse"),
    ("{{ run_started_at.strftime('%Y-%m-%d %H:%M') }} {{ invocation_id }} {{ dbt_version }} {{ project_name }}", "2026-03-01 05:30 one 1.11.0 shop"),
    ("{{ model.name }}{{ model.schema }}{{ model['unique_id'] }}{{ model.tags }}{{ model.get('group', 'g') }}", f"orderssales{MODEL}['nightly']g"),
    ("{{ model.depends_on.nodes }}{{ model.config.a }}{{ model.path }}", "['model.shop.items']orders.sql"),
    ("{{ adapter.quote('a') }}{{ adapter.type() }}{{ api.Column.translate_type('string') }}", '"a"duckdbTEXT'),
    ("{{ api.Column.string_type(9) }} {{ api.Column.numeric_type('numeric', 9, 2) }} {{ api.Column('a', 'int').dtype }}", "character varying(9) numeric(9,2) int"),
    ("{{ api.Column.create('a', 'string').data_type }}{{ api.Column('b').quoted }}", 'TEXT"b"'),
    ("{{ fromjson('{\"a\": [1]}').a[0] }}{{ tojson({'a': 1}) }}{{ fromjson('{', 'd') }}", '1{"a": 1}d'),
    ("{{ fromyaml('a: 1').a }}{{ toyaml({'b': 2}) | trim }}{{ fromyaml('a: [', 'd') }}", "1b: 2d"),
    ("{{ set([1, 1]) }}{{ set(1, 'd') }}{{ zip([1], [2]) | list }}{{ zip(1, default='d') }}{{ set_strict([3]) }}", "{1}d[(1, 2)]d{3}"),
    ("{{ local_md5('a') }}{{ log('x') }}{{ print('x') }}{{ exceptions.warn('x') }}", "0cc175b9c0f1b6a831c399e269772661"),
    ("{{ diff_of_two_dicts({'a': ['x', 'Y']}, {'A': ['y']}) }}{{ try_or_compiler_error('m', local_md5, 'a')[:2] }}", "{'a': ['x']}0c"),
    ("{{ modules.datetime.datetime.now() }}|{{ modules.datetime.date.today() }}|{{ modules.datetime.datetime.utcnow().year }}", "2026-03-01 05:30:00.500000|2026-03-01|2026"),
    ("{{ modules.datetime.datetime(2026, 1, 2).isoformat() }} {{ modules.datetime.timedelta(days=2).days }}", "2026-01-02T00:00:00 2"),
    ("{{ (modules.datetime.datetime.strptime('2026-01-02', '%Y-%m-%d') + modules.datetime.timedelta(1)).date() }}", "2026-01-03"),
    ("{{ run_started_at.astimezone(modules.pytz.timezone('America/New_York')).hour }}", "0"),
    ("{{ modules.pytz.timezone('Europe/Paris').localize(modules.datetime.datetime(2026, 7, 1)).isoformat() }}", "2026-07-01T00:00:00+02:00"),
    ("{{ modules.pytz.utc.normalize(run_started_at).hour }}{{ modules.pytz.utc }}", "5UTC"),
    ("{{ modules.re.sub('a+', 'b', 'caat') }}{{ modules.re.match('(c)', 'cat').group(1) }}{{ modules.re.findall('a', 'aa') }}", "cbtc['a', 'a']"),
    ("{{ modules.re.compile('A', modules.re.I).sub('x', 'a') }}{% for m in modules.re.finditer('a', 'aba') %}{{ m.start() }}{% endfor %}", "x02"),
    ("{{ modules.itertools.product('ab', '1') }}{{ modules.itertools.chain([1], [2]) }}", "[('a', '1'), ('b', '1')][1, 2]"),
    ("{% set x = [] %}{% do x.append(1) %}{% do x.extend([2]) %}{{ x }}", "[1, 2]"),
    ("{% set d = {} %}{% do d.update({'a': 1}) %}{{ d.a }}{{ d.missing }}{{ d.items() | list }}{{ d.keys() | list }}", "1[('a', 1)]['a']"),
    ("{% for x in [1, 2, 3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}", "1,3"),
    ("{% set ns = namespace(n=0) %}{% for x in range(3) %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}{{ ns.none }}", "3"),
    ("{{ 'a %s' % 'b' }}{{ 'a {} {x}'.format(1, x=2) }}{{ '%s'|format(3) }}{{ '{a}'.format_map({'a': 4}) }}", "a ba 1 234"),
    ("{{ 'a'.center(3) }}|{{ 'a'|center(3) }}|{{ 'a\\nb'|indent(1) }}|{{ '\\ta'.expandtabs(2) }}|{{ ', '.join(['a', 'b']) }}", " a | a |a\n b|  a|a, b"),
    ("{{ [{'n': {'m': 'a'}}, {'n': {'m': 'b'}}]|join('-', attribute='n.m') }}{{ [1, 2]|join }}{{ 'aba'|replace('a', 'c', 1) }}", "a-b12cba"),
    ("{{ 'x'|as_text }}{{ 1|as_native }}{{ [1] is iterable }}{{ [1]|is_list }}{{ 'a'|attr('upper')() }}", "x1TrueTrueA"),
    ("{{ 3 * 2 }}{{ 2 ** 3 }}{{ 7 % 4 }}{{ 'ab' * 2 }}{{ [1] + [2] }}{{ 'a' ~ 1 ~ none }}", "683abab[1, 2]a1None"),
    ("{% if undefined_name %}x{% endif %}{{ undefined_name is defined }}{% for x in undefined_name %}{% endfor %}", "False"),
    ("{{ try_me is defined }}{{ kit.missing is defined }}{{ dbt_utils is defined }}", "FalseFalseFalse"),
    ("{{ context['target'].name }}{{ context.get('nothing', 'd') }}{{ 'ref' in context }}{{ builtins.ref('items') }}", 'devdTrue"prod"."sales"."items"'),
    ("{{ '{{' }}{% raw %}{{ x }}{% endraw %}{# gone #}", "{{{{ x }}"),
    ("a\n{%- if true %}\nb\n{%- endif %}\n", "a\nb"),
]  # fmt: skip

KNOWN = {
    "vars": {"known": "k", "shop": {"own": "package"}, "own": "all", "made": "{{ ref('items') }}"},
    "package_vars": {"shop": {"lowest": "low", "own": "lower"}},
    "env": {"GIVEN": "given"},
    "target": {"name": "dev"},
    "config": {"c": [1], "meta": {"m": 1}, "pre-hook": ["h"]},
}


@pytest.mark.parametrize(("source", "expected"), CASES)
def test_a_template_becomes_what_dbt_makes_of_it(source: str, expected: str) -> None:
    found = text(source, macro("kit", "{% macro here() %}{% endmacro %}"), **KNOWN)
    assert found == expected


REFUSED = [
    ("{{ var('unknown') }}", "var 'unknown' is not known here and has no default"),
    ("{{ env_var('X') }}", "env_var 'X' has no default"),
    ("{{ target.nothing }}", "target.nothing is not known here"),
    ("{{ target.get('nothing', 'x') }}", "target.nothing is not known here"),
    ("{{ ref('nowhere') }}", "ref 'nowhere' is not in the manifest"),
    ("{{ ref('other', 'items') }}", "ref 'other.items' is not in the manifest"),
    ("{{ ref('dim', v=9) }}", "ref 'dim' version 9 is not in the manifest"),
    ("{{ ref() }}", "it calls ref() without a name"),
    ("{{ source('raw', 'none') }}", "source raw.none is not in the manifest"),
    ("{{ function('none') }}", "function 'none' is not in the manifest"),
    ("{{ no_such_macro(1) }}", "no_such_macro() is not in the manifest"),
    ("{{ kit.no_such_macro(1) }}", "'kit' is undefined"),
    ("{{ dbt_utils.star(this) }}", "'dbt_utils' is undefined"),
    ("{{ no_such_name }}", "'no_such_name' is undefined"),
    ("{{ adapter.get_columns_in_relation(this) }}", f"it needs the warehouse: the columns of {FULL}"),
    ("{{ adapter.get_relation('a', 'b', 'c') }}", "it needs the warehouse: adapter.get_relation"),
    ("{{ adapter.execute('select 1') }}", "it needs the warehouse: adapter.execute"),
    ("{{ load_result('x').table }}", "it needs the warehouse: load_result"),
    ("{% call statement('x') %}{% endcall %}", "it needs the warehouse: statement"),
    ("{{ graph.nodes }}", "it needs graph.nodes"),
    ("{{ selected_resources }}", "it needs 'selected_resources', which is not known here"),
    ("{{ config.require('nothing') }}", "its config has no 'nothing'"),
    ("{{ model.nothing }}", "it reads 'nothing' of model.shop.orders, which is not known here"),
    ("{{ model.get('checksum', 1) }}", "it reads 'checksum' of model.shop.orders, which is not known here"),
    ("{{ this.is_iceberg_format }}", f"it needs the warehouse: 'is_iceberg_format' of the relation {FULL}"),
    ("{{ this.incorporate(options=1) }}", "it changes 'options' of a relation, which is not known here"),
    ("{{ source('raw', 'files').include(schema=false) }}", "it changes the name read_csv('files.csv'), which is not made of the relation's parts"),
    ("{{ api.Relation.create(identifier='x', catalog='y') }}", "it makes a relation with 'catalog', which is not known here"),
    ("{{ api.Column('a').dtype }}", "it needs the warehouse: 'dtype' of the column a"),
    ("{{ api.Column('a') }}", "it needs the warehouse: the type of the column a"),
    ("{{ api.Other }}", "it needs api.Other, which is not known here"),
    ("{{ modules.pytz.timezone('Mars/Base') }}", "there is no time zone 'Mars/Base' here"),
    ("{{ modules.re.sub('a', caller, 'a') }}", "it replaces by a macro in re.sub"),
    ("{{ builtins.nothing }}", "it needs builtins.nothing, which is not known here"),
    ("{{ return(1) }}", "it returns a value instead of text"),
    ("{{ exceptions.raise_compiler_error('no') }}", "it raises an error itself: no"),
    ("{{ [1, 2]|random }}", "it takes something at random"),
    ("{{ 1 / 0 }}", "an expression fails: ZeroDivisionError: division by zero"),
    ("{{ config }}", "it writes the config itself instead of a value"),
    ("{{ api }}", "it writes the api itself instead of a value"),
    ("{{ api.Relation.create().x }}", "it needs the warehouse: 'x' of the relation"),
    ("{{ api.get('Other') }}", "it needs api.Other, which is not known here"),
    ("{{ model.columns.x is defined }}{{ model.columns }}{{ modules.datetime.datetime.min }}{{ var.x }}", "it reads 'x' of var, which is not known here"),
    ("{{ ref }}", "it writes a function or an iterator instead of a value"),
    ("{{ [ref] }}", "it writes a function or an iterator instead of a value"),
    ("{{ 1 | nothing }}", "a template has an error in its syntax: No filter named 'nothing'."),
    ("{% if %}", "a template has an error in its syntax: Expected an expression, got 'end of statement block'"),
    ("{{ adapter.dispatch('none', 'kit')() }}", "no implementation of macro kit.none is in the manifest"),
]


@pytest.mark.parametrize(("source", "reason"), REFUSED)
def test_what_is_not_known_is_refused_with_the_reason(source: str, reason: str) -> None:
    with pytest.raises(CannotRender) as caught:
        text(source)
    assert caught.value.reason == reason


def test_code_that_is_no_sql_is_refused() -> None:
    one, known = project().nodes[MODEL], context()
    for code, reason in ((NodeCode("x", language="python"), "it is written in python"), (NodeCode(), "the manifest has no code for it")):
        with pytest.raises(CannotRender, match=reason):
            variants(code, one, known)


def test_bare_refs_are_of_the_own_package_first() -> None:
    assert text("{{ ref('items') }}", unique_id="model.kit.tools") == '"prod"."kit"."items"'
    assert text("{{ ref('orders') }}", unique_id="model.kit.tools") == FULL


def test_an_incremental_model_has_two_variants_where_they_differ() -> None:
    source = "select 1{% if is_incremental() %} where day > (select max(day) from {{ this }}){% endif %}"
    one, known = project().nodes[MODEL], context()
    assert variants(NodeCode(source), one, known) == ("select 1", f"select 1 where day > (select max(day) from {FULL})")  # noqa: S608  # expected text
    assert variants(NodeCode("{% if is_incremental() %}{% endif %}x"), one, known) == ("x",)
    assert variants(NodeCode("{{ this }}"), one, known) == (FULL,)
    assert variants(NodeCode(source), project().nodes["model.shop.items"], known) == ("select 1",)


def test_a_variant_that_cannot_be_known_is_not_left_out() -> None:
    source = "select 1{% if is_incremental() %}{{ var('unknown') }}{% endif %}"
    with pytest.raises(CannotRender):
        variants(NodeCode(source), project().nodes[MODEL], context())


def test_the_own_table_of_an_incremental_model_is_there_when_it_is_incremental() -> None:
    source = "{% set old = adapter.get_relation(this.database, this.schema, this.identifier) %}{{ old.is_table if old else 'first' }}"
    assert variants(NodeCode(source), project().nodes[MODEL], context()) == ("first", "True")


def test_an_answer_of_the_warehouse_may_stand_in_a_literal_only() -> None:
    sql = macro("dbt", "{% macro run_query(sql) %}{{ adapter.execute(sql) }}{% endmacro %}")
    value = "{% set found = run_query('select max(day)') %}{% if execute %}{% set v = found.columns[0].values()[0] %}{% endif %}"
    assert text(value + "where day > '{{ v }}'", sql) == "where day > ''"
    assert text(value + "where day > '{{ dbt.run_query('x').rows }}'", sql) == "where day > ''"
    for use in (
        "{{ v }}",
        "'a{{ v }}'",
        "{% if v %}x{% endif %}",
        "{% for x in v %}{% endfor %}",
        "{{ v is none }}",
        "{{ v | int }}",
        "{{ v ~ '' }}",
        "{{ v == 1 }}",
        "{{ [1, v] }}",
    ):
        with pytest.raises(CannotRender, match="it needs the warehouse: run_query"):
            text(value + use, sql)


def test_columns_that_are_known_need_no_warehouse() -> None:
    star = macro(
        "kit", "{% macro star(from) %}{% for c in adapter.get_columns_in_relation(from) %}{{ c.quoted }}/{{ c.name }}/{{ c.column }} {% endfor %}{% endmacro %}"
    )
    assert text("{{ kit.star(ref('items')) }}", star, columns={"model.shop.items": ("sku", "price")}) == '"sku"/sku/sku "price"/price/price '
    assert text("{{ kit.star(ref('items').include(database=false)) }}", star, columns={"model.shop.items": ()}) == ""


def test_generic_tests_are_rendered_with_their_arguments() -> None:
    generic = macro("dbt", "{% test not_null(model, column_name, values=[]) %}select {{ column_name }} from {{ model }}{{ values }}{% endtest %}")
    generic = msgspec.structs.replace(generic, name="test_not_null")
    arguments = {
        "model": "{{ get_where_subquery(ref('items')) }}",
        "column_name": "{{ x }}",
        "values": ["{{ 1 + 1 }}", "a {{ 'b' }}", "var('x', 3)", {"y": "{{ this.name }}"}, 5],
    }
    where = macro("dbt", "{% macro get_where_subquery(relation) %}{% do return(relation) %}{% endmacro %}")
    assert (
        text("{{ test_not_null(**_dbt_generic_test_kwargs) }}", generic, where, arguments=arguments)
        == "select {{ x }} from \"prod\".\"sales\".\"items\"[2, 'a b', 3, {'y': 'orders'}, 5]"
    )


def test_a_context_is_plain_data() -> None:
    made = context(macro("kit", "{% macro m() %}{{ graph.nodes }}{% endmacro %}"), vars={"a": [1]}, columns={"model.shop.items": ("sku",)})
    assert made.graph
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  # our own bytes
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(made), type=Context) == made


def test_what_the_manifest_does_not_say_is_taken_from_what_it_holds() -> None:
    old = project(adapter="")
    old = msgspec.structs.replace(old, info=msgspec.structs.replace(old.info, name="", adapter=""))
    made = Context.of(old, Code({}, {"macro.dbt_snowflake.x": macro("dbt_snowflake", "{% macro x() %}{% endmacro %}")}))
    assert (made.project, made.adapter) == ("shop", "snowflake")


def test_the_targets_schema_is_that_of_models_without_their_own() -> None:
    nodes = (node(MODEL, schema="dev"), node("model.shop.items", schema="dev_raw"))
    codes = {MODEL: NodeCode("x", config={"schema": None, "database": None}), "model.shop.items": NodeCode("x", config={"schema": "raw", "database": "x"})}
    made = Context.of(project(nodes=nodes), Code(codes))
    assert made.target == {"type": "duckdb", "schema": "dev", "database": "prod", "dbname": "prod"}
    assert Context.of(project(nodes=nodes), Code(codes), target={"schema": "mine"}).target["schema"] == "mine"


def test_a_relation_without_a_name_is_written_like_the_others() -> None:
    first = node("model.shop.first", relation_name="`p`.`s`.`first`", database="p", schema="s", build=Build("view"))
    bare = node("model.shop.bare", relation_name="", database="p", schema="s")
    made = Context.of(project("bigquery", (first, bare)), Code({}))
    assert variants(NodeCode("{{ this }} {{ ref('bare') }}"), bare, made) == ("`p`.`s`.`bare` `p`.`s`.`bare`",)
