from __future__ import annotations

from typing import Any

import pytest

from aftershock.errors import SelectionError
from aftershock.select.grammar import DEFAULT_INCLUDE, METHOD_NAMES, Criteria, SetOperation, parse, parse_criteria, parse_definition
from aftershock.select.methods import METHODS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", Criteria("fqn", "a")),
        ("a.b.*", Criteria("fqn", "a.b.*")),
        ("", Criteria("fqn", "")),
        ("+", Criteria("fqn", "", parents=True)),
        ("models/a", Criteria("path", "models/a")),
        ("a.SQL", Criteria("file", "a.SQL")),
        ("a.yml", Criteria("fqn", "a.yml")),
        ("2+a+3", Criteria("fqn", "a", parents=True, parents_depth=2, children=True, children_depth=3)),
        ("0+a", Criteria("fqn", "a", parents=True, parents_depth=0)),
        ("a+99999999999", Criteria("fqn", "a", children=True)),
        ("@tag:x", Criteria("tag", "x", childrens_parents=True)),
        ("config.meta.owner:me:you", Criteria("config", "me:you", ("meta", "owner"))),
        ("source:raw+", Criteria("source", "raw", children=True)),
    ],
)
def test_criteria(text: str, expected: Criteria) -> None:
    assert parse_criteria(text) == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("@a+", "do not go together"),
        ("tags:x", "'tags' is not a selector method of dbt's. Did you mean tag"),
        ("zzzzzz:x", "The methods are fqn, tag"),
        ("a\nb", "it holds a line break"),
    ],
)
def test_bad_criteria(text: str, error: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse_criteria(text)
    assert error in str(caught.value)


def test_spaces_and_arguments_unite_and_commas_intersect() -> None:
    a, b, c = (SetOperation("intersection", tuple(map(parse_criteria, text)), None) for text in (["a"], ["b", "c"], ["d"]))
    assert parse(["a b,c", "d"], ["d"]) == SetOperation("difference", (SetOperation("union", (a, b, c), None), SetOperation("union", (c,), None)))


def test_nothing_asked_for_is_everything() -> None:
    assert parse([]) == parse(DEFAULT_INCLUDE)


def test_every_method_of_the_grammar_is_there() -> None:
    assert set(METHOD_NAMES) == {*METHODS, "selector"}


TAG = Criteria("tag", "x")


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("2+tag:x", Criteria("tag", "x", parents=True, parents_depth=2)),
        ({"tag": "x"}, TAG),
        ({"method": "config.meta.n", "value": 3}, Criteria("config", 3, ("meta", "n"))),
        (
            {"method": "tag", "value": "x", "parents": True, "parents_depth": "1", "children": True, "children_depth": 2},
            Criteria("tag", "x", parents=True, parents_depth=1, children=True, children_depth=2),
        ),
        ({"method": "tag", "value": "x", "parents_depth": 0}, TAG),
        (
            {"method": "tag", "value": "x", "childrens_parents": True, "indirect_selection": "cautious"},
            Criteria("tag", "x", childrens_parents=True, indirect="cautious"),
        ),
        ({"union": ["tag:x", {"tag": "x"}]}, SetOperation("union", (TAG, TAG))),
        ({"intersection": ["tag:x"]}, SetOperation("intersection", (TAG,))),
        (
            {"union": ["tag:x", {"exclude": ["tag:x"]}]},
            SetOperation("difference", (SetOperation("union", (TAG,)), SetOperation("union", (TAG,)))),
        ),
        ({"method": "tag", "value": "x", "exclude": ["tag:x"]}, SetOperation("difference", (TAG, SetOperation("union", (TAG,))))),
        ({"method": "tag", "value": "x", "exclude": []}, TAG),
    ],
)
def test_yaml_definitions(definition: object, expected: object) -> None:
    assert parse_definition(definition, "nightly") == expected


def nested(levels: int) -> dict[str, Any]:
    definition: dict[str, Any] = {"tag": "x"}
    for _ in range(levels):
        definition = {"union": [definition]}
    return definition


@pytest.mark.parametrize(
    ("definition", "error"),
    [
        (3, "neither a string nor a mapping"),
        ({}, "neither a string nor a mapping"),
        ({"union": "a"}, "'union' in its definition is not a list"),
        ({"union": [{"exclude": ["a"]}, {"exclude": ["b"]}]}, "more than one exclude"),
        ({"a": 1, "b": 2}, "has the keys a, b, not method and value"),
        ({"exclude": ["a"]}, "'exclude' is not a selector method"),
        ({"method": "tag", "value": "x", "parents_depth": "far"}, "'far' is not a number of edges"),
        ({"method": "tag", "value": "x", "indirect_selection": "greedy"}, "'greedy' is not a kind of indirect selection"),
        ({"method": "tag", "value": "x", "children": True, "childrens_parents": True}, "do not go together"),
        (nested(60), "nested more than 50 deep"),
    ],
)
def test_bad_yaml_definitions_name_the_selector(definition: object, error: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse_definition(definition, "nightly")
    assert str(caught.value).startswith("nightly: ")
    assert error in str(caught.value)


def test_deep_definitions_within_reason_are_read() -> None:
    assert parse_definition(nested(40), "nightly")
