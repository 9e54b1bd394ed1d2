from __future__ import annotations

import pytest

from aftershock.artifacts.watermark import Filter, read_filter

DAY = 86400


def of(where: str, branch: str = "is_incremental()") -> Filter:
    return read_filter(f"{{{{ config(materialized='incremental') }}}} select * from {{{{ ref('a') }}}} {{% if {branch} %}} where {where} {{% endif %}}")  # noqa: S608  # a template


@pytest.mark.parametrize(
    ("where", "column", "back"),
    [
        ("at > (select max(at) from {{ this }})", "at", 0),
        ("at >= (select max(t.at) from {{ this }} as t)", "at", 0),
        ("at >= (select coalesce(max(at), '1900-01-01') from {{this}})", "at", 0),
        ("at >= (select max(at) from {{- this -}}) - interval 3 day", "at", 3 * DAY),
        ("at >= (select max(at) - interval '3 days' from {{ this }})", "at", 3 * DAY),
        ("at >= (select max(at) - interval '36' hour from {{ this }})", "at", 36 * 3600),
        ("at >= (select dateadd(day, -3, max(at)) from {{ this }})", "at", 3 * DAY),
        ("at >= (select date_sub(max(at), interval 2 week) from {{ this }})", "at", 14 * DAY),
        ("at >= (select {{ dbt.dateadd('hour', -6, 'max(at)') }} from {{ this }})", "at", 6 * 3600),
        ("at >= (select max(at) from {{ this }}) - interval '1' day -- not '9' day", "at", DAY),
        ("a.at - interval 1 day >= (select max(at) from {{ this }}) - interval (2) day", "at", 3 * DAY),
    ],
)
def test_where_a_run_starts(where: str, column: str, back: int) -> None:
    assert of(where) == Filter(watermark=column, back=back, strict=not back and ">=" not in where)


@pytest.mark.parametrize(
    "where",
    [
        "at >= current_date - 3",
        "at >= (select max(at) - 3 from {{ this }})",
        "at >= (select max(at) from {{ this }}) - {{ var('days') }}",
        "at >= (select max(at) from {{ this }}) or seen >= (select max(seen) from {{ this }})",
        "id not in (select id from {{ this }})",
        "at >= '{{ newest }}'",
        "at >= (select max(at) from other)",
        "at >= (select datediff(day, max(at), now()) from {{ this }})",
        "at >= (select date_trunc('month', max(at)) from {{ this }})",
        "at >= (select max(at) - make_interval(days => 3) from {{ this }})",
        "at >= (select max(at) - (3 * interval '1 day') from {{ this }})",
        "at >= (select max(at) - interval '3' day * 2 from {{ this }})",
        "at >= (select max(at) from {{ this }}) or changed_at > current_date",
        "at >= (select min(m) from (select source, max(at) as m from {{ this }} group by 1) as n)",
        "customer in (select customer from other where at > (select max(at) from {{ this }}))",
    ],
)
def test_other_filters_are_not_known(where: str) -> None:
    assert of(where)._replace(grain="") == Filter()


def test_several_branches_are_not_known() -> None:
    one = "{% if is_incremental() %} where at > (select max(at) from {{ this }}) {% endif %}"
    assert read_filter(f"select 1 {one} union all select 2 {one}") == Filter()


@pytest.mark.parametrize("code", ["select 1", "{{ config(a=1) }} select * from {{ ref('a') }}", "-- {{ this }}\nselect * from {{ source('a', 'b') }}"])
def test_without_a_filter_a_run_takes_all(code: str) -> None:
    assert read_filter(code).takes_all


@pytest.mark.parametrize("code", ["{{ newest_only('a') }}", "{% set x = 1 %} select {{ x }}", "{{ dbt_utils.star(ref('a')) }}", "select * from {{ this }}"])
def test_a_call_may_hide_a_filter(code: str) -> None:
    assert not read_filter(code).takes_all


@pytest.mark.parametrize(
    ("code", "grain"),
    [
        ("select date_trunc('week', x) as w, date_trunc('day', x) as d", "week"),
        ("select timestamp_trunc(o.x, MONTH)", "month"),
        ("select {{ dbt.date_trunc('quarter', 'x') }}", "quarter"),
        ("select strftime(x, '%Y-%m')", "month"),
        ("select strftime(x, '%Y-%m-%d'), cast(x as date)", "day"),
        ("select year(x)", "year"),
        ("select birthday, weekly from t", ""),
    ],
)
def test_the_coarsest_period_that_it_cuts_times_to(code: str, grain: str) -> None:
    assert read_filter(code).grain == grain


@pytest.mark.parametrize(
    ("code", "starts"),
    [
        (
            "{% if var('start', none) %} where at >= '{{ var('start') }}' {% elif is_incremental() %} where at > (select max(at) from {{ this }}) {% endif %}",
            ("start",),
        ),
        ('{% if var("start", none) is not none %} where at > cast(\'{{ var("start") }}\' as date) {% endif %}', ("start",)),
        ("{% if is_incremental() %} where at >= date('{{ var('start') }}') {% endif %}", ("start",)),
        ("{% if is_incremental() %} where at >= '{{ var('start') }}' and at > (select max(at) from {{ this }}) {% endif %}", ()),
        ("{% if var('start', none) %} where at < '{{ var('start') }}' {% endif %}", ()),
        ("{% if var('start', none) %} where at <= '{{ var('start') }}' {% endif %}", ()),
        ("select '{{ var('start') }}'", ()),
    ],
)
def test_variables_from_which_a_run_selects(code: str, starts: tuple[str, ...]) -> None:
    assert read_filter(code).starts == starts
