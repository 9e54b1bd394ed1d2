"""What a template's config() and YAML say, in dbt's own names and forms."""

from __future__ import annotations

import pytest

from aftershock.artifacts.editing.calls import configs
from aftershock.artifacts.editing.settings import change_config, drop_config, normal

HOOK = {"sql": "select 1", "transaction": True, "index": None}


@pytest.mark.parametrize(
    "written",
    [
        "config(post_hook='select 1')",
        "config({'post-hook': ['select 1']})",
        "config(post_hook={'sql': 'select 1'})",
        """config(post_hook='{"sql": "select 1"}')""",
    ],
)
def test_a_hook_is_written_in_many_ways(written: str) -> None:
    assert configs(f"{{{{ {written} }}}} select 1") == {"post-hook": [HOOK]}


def test_calls_add_hooks_and_tags_and_replace_all_else() -> None:
    text = "{{ config(post_hook='select 1', tags='a', alias='x') }}{{ config(post_hook='select 1', tags=['b'], alias='y') }}"
    assert configs(text) == {"post-hook": [HOOK, HOOK], "tags": ["a", "b"], "alias": "y"}


@pytest.mark.parametrize("written", ["config(post_hook=grant(this))", "config(**more)"])
def test_what_is_no_plain_value_is_not_read(written: str) -> None:
    assert configs(f"{{{{ {written} }}}}") is None


def test_a_call_in_a_comment_says_nothing() -> None:
    assert configs("{# {{ config(alias='x') }} #}") == {}


def test_what_another_place_says_of_hooks_stays() -> None:
    its = {"sql": "select 2", "transaction": True, "index": None}
    resource = {"config": {"post-hook": [its, HOOK]}}
    change_config(resource, "post-hook", [HOOK], normal({"post_hook": "select 3"})["post-hook"])
    assert [hook["sql"] for hook in resource["config"]["post-hook"]] == ["select 2", "select 3"]
    drop_config(resource, "post-hook", normal({"post_hook": "select 3"})["post-hook"])
    assert resource["config"]["post-hook"] == [its]
