"""Templates that differ in SQL comments and white space alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftershock.artifacts.editing.blanks import alike_but_for_blanks

PARTS = ("select", "a", ",", "(", ")", "'x  y'", '"B c"', "{{ ref('a') }}", "{% if x %}", "{% endif %}", "from", "1.5", "=", "'it''s'", "'{{ var('a') }}'")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("select a  from b", "select a from b"),
        ("select a\nfrom b", "select a -- the key\n\n  from b"),
        ("select a from b", "select a /* the key */ from b"),
        ("select a, f(b)", "select a,f (b)"),
        ("select {{ x }} from b", "select {{ x }} from b\n-- c"),
        ("{{ config(a=1) }}\nselect 1", "{{ config(a=1) }}\n-- one\nselect 1"),
        ("{% set x = 1 %}a  b", "{% set x = 1 %}a b"),
        ("select 'it''s'  , '{{ var('a') }}'", "select 'it''s', '{{ var('a') }}'"),
        ("select a\r\nfrom b", "select a\nfrom b"),
    ],
)
def test_only_comments_and_white_space_differ(old: str, new: str) -> None:
    assert alike_but_for_blanks(old, new)
    assert alike_but_for_blanks(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("select 'a  b'", "select 'a b'"),
        ('select "a  b"', 'select "a b"'),
        ("select {{ x }} a", "select {{ x }}a"),
        ("select {{ x }}(a)", "select {{ x }} (a)"),
        ("select {{ x  }}", "select {{ x }}"),
        ("select ab", "select a/**/b"),
        ("select a\n{%- if x %}, b{% endif %}", "select a -- c\n{%- if x %}, b{% endif %}"),
        ("select a\n, b", "select a -- {{ x }}\n, b"),
        ("select a {{ x }}\n, b", "select a {{ x }} , b"),
        ("select a from b", "select /*+ hint */ a from b"),
        ("# it's\nselect 'a  b' # 's", "# it's\nselect 'a b' # 's"),
        (r"select 'a\'  b'", r"select 'a\' b'"),
        ("select $$a  b$$", "select $$a b$$"),
        ("select '''a  b'''", "select '''a b'''"),
        ("{% set x %}a  b{% endset %}", "{% set x %}a b{% endset %}"),
        ("{% call f() %}a  b{% endcall %}", "{% call f() %}a b{% endcall %}"),
        ("select a - -1", "select a --1"),
        ("select 'a  b", "select 'a b"),
        ("select {{ 'a'  + b", "select {{ 'a' + b"),
        ("select /* a /* b */ c */ 1", "select c */ 1"),
    ],
)
def test_something_else_differs_or_may(old: str, new: str) -> None:
    assert not alike_but_for_blanks(old, new)
    assert not alike_but_for_blanks(new, old)


def test_where_two_dashes_may_be_minus_nothing_is_said() -> None:
    assert alike_but_for_blanks("select 5\n", "select 5 --3\n", "postgres")
    assert not alike_but_for_blanks("select 5\n", "select 5 --3\n", "mysql")


@given(st.lists(st.sampled_from(PARTS), min_size=1), st.data())
def test_a_comment_at_the_end_of_a_line_is_nothing(parts: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(parts)))
    old = " ".join(parts[:at]) + "\n" + " ".join(parts[at:])
    new = " ".join(parts[:at]) + " -- c\n\n  " + "   ".join(parts[at:])
    assert alike_but_for_blanks(old, new)


@given(st.lists(st.sampled_from(PARTS), min_size=1), st.data())
def test_another_part_is_something(parts: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(parts) - 1))
    assert not alike_but_for_blanks(" ".join(parts), " ".join([*parts[:at], "other", *parts[at + 1 :]]))


@pytest.mark.parametrize(
    "text", ["'" + "{{a}}" * 20_000, "'" + "{{" * 20_000, "/*" * 20_000, "{% set a" * 10_000, "''" * 20_000 + "'", "{% set " + " " * 40_000, "$a" * 20_000]
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    alike_but_for_blanks(text, text + " b")
    assert time.process_time() - started < 2
