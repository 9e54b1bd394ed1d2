"""Owners in every shape that people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftershock.model import Owner
from aftershock.owners import parse_owner

ONE = [
    ("Growth <growth@example.com> @growth", Owner("Growth", "growth@example.com", "@growth")),
    ("Growth Team @growth", Owner("Growth Team", "", "@growth")),
    ("growth@example.com", Owner("", "growth@example.com")),
    ("mailto:growth@example.com", Owner("", "growth@example.com")),
    ("@growth", Owner("", "", "@growth")),
    ("#finance-data", Owner("", "", "#finance-data")),
    ('Finance <f@example.com> "#finance"', Owner("Finance", "f@example.com", "#finance")),
    ("<@U123>", Owner("", "", "<@U123>")),
    ("Platform Team", Owner("Platform Team")),
    ("Data Eng (data@example.com)", Owner("Data Eng", "data@example.com")),
    ('"Data Eng" <data@example.com>', Owner("Data Eng", "data@example.com")),
    ("R&D / Ops", Owner("R&D / Ops")),
    ("  spaced \t out ", Owner("spaced out")),
    ("Growth\x1b[31m", Owner("Growth [31m")),
    ({"name": "Data Core", "email": "core@example.com", "slack": "#core"}, Owner("Data Core", "core@example.com", "#core")),
    ({"name": "Data Core", "email": None, "team": 3}, Owner("Data Core")),
    ({"slack": "growth"}, Owner("", "", "growth")),
    ({"email": "growth team"}, Owner("growth team")),
    ({"name": "Adrian", "email": "gitlab_id@adrian"}, Owner("Adrian (gitlab_id@adrian)")),
    ({"name": "Insights", "email": "slack channel or email", "slack": "@insights"}, Owner("Insights (slack channel or email)", "", "@insights")),
    ({"name": ["Ann Lee"], "email": ["ann@example.com"]}, Owner("Ann Lee", "ann@example.com")),
    (["@growth", "@growth"], Owner("", "", "@growth")),
]
SEVERAL = [
    ("Ann Lee, Bob Roy", (Owner("Ann Lee"), Owner("Bob Roy"))),
    ("a@example.com; b@example.com", (Owner("", "a@example.com"), Owner("", "b@example.com"))),
    ("a@example.com b@example.com", (Owner("", "a@example.com"), Owner("", "b@example.com"))),
    ("Growth @growth #growth", (Owner("Growth", "", "@growth"), Owner("", "", "#growth"))),
    (["@web", ["web@example.com", ({"name": "D"},)]], (Owner("", "", "@web"), Owner("", "web@example.com"), Owner("D"))),
    ({"name": "A", "email": "a@example.com, b@example.com"}, (Owner("A", "a@example.com"), Owner("", "b@example.com"))),
    (
        {"name": ["A", "B"], "email": ["a@example.com", "b@example.com"], "slack": "@s"},
        (Owner("A", "a@example.com"), Owner("B", "b@example.com"), Owner("", "", "@s")),
    ),
    ({"name": "A, B", "slack": "@s"}, (Owner("A", "", "@s"), Owner("B"))),
    ({"name": "A, B", "email": "the others"}, (Owner("A"), Owner("B"), Owner("the others"))),
]
NOBODY = [
    None,
    3,
    1.5,
    True,
    b"x",
    "",
    "  ",
    "TBD",
    "n/a",
    "-",
    "@",
    "<>",
    "()",
    {},
    {"x": "y"},
    {"name": 1},
    {"name": "none"},
    [],
    [None, [3]],
    ["", {}],
    object(),
]


@pytest.mark.parametrize(("value", "expected"), ONE)
def test_names_one_owner(value: object, expected: Owner) -> None:
    assert parse_owner(value) == (expected,)


@pytest.mark.parametrize(("value", "expected"), SEVERAL)
def test_names_several_owners_in_order(value: object, expected: tuple[Owner, ...]) -> None:
    assert parse_owner(value) == expected


@pytest.mark.parametrize("value", NOBODY)
def test_names_nobody(value: object) -> None:
    assert parse_owner(value) == ()


def test_nesting_ends_somewhere() -> None:
    value: list[object] = ["@growth"]
    value.append(value)
    assert Owner("", "", "@growth") in parse_owner(value)


def test_a_long_text_is_quick() -> None:
    assert len(parse_owner("a" * 2_000_000)[0].name) == 300


def test_an_owner_reads_back_from_its_label() -> None:
    owner = Owner("Growth", "growth@example.com", "@growth")
    assert parse_owner(owner.label) == (owner,)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text("@#<>,;.ab \n\"'()"),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "email", "slack", "x"]) | st.text(), inner),
)


@given(JUNK)
def test_any_shape_gives_printable_owners_once_each(value: object) -> None:
    owners = parse_owner(value)
    assert len(set(owners)) == len(owners)
    assert all(owner.label and owner.label.isprintable() for owner in owners)


@given(JUNK, JUNK)
def test_more_input_never_loses_an_owner(one: object, other: object) -> None:
    assert set(parse_owner(one)) <= set(parse_owner([one, other])) or _depth(one) > 10


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)
