from __future__ import annotations

import pytest

from aftershock.model import Run
from aftershock.recovery.carried import DEFERRED, NO_TARGET, carried


def _words(**args: object) -> tuple[str, ...]:
    return carried(Run(args=args)).words


def test_target_profile_and_variables() -> None:
    words = _words(target="prod", profile="shop", vars={"since": "2026-01-01", "n": 1}, invocation_command="dbt build")
    assert words == ("--target", "prod", "--profile", "shop", "--vars", '{"n": 1, "since": "2026-01-01"}')


@pytest.mark.parametrize("run", [None, Run(), Run(args={"target": None}), Run(args={"target": "--help"}), Run(args={"profile": "p"})])
def test_an_unknown_target_is_said(run: Run | None) -> None:
    assert NO_TARGET in carried(run).notes


@pytest.mark.parametrize(("value", "words"), [({}, ()), ("{}", ()), (None, ()), ("{a: 1}", ("--vars", "{a: 1}")), (["x"], ())])
def test_variables_of_every_version(value: object, words: tuple[str, ...]) -> None:
    assert _words(vars=value) == words


def test_folders_that_somebody_typed_are_carried() -> None:
    command = "dbt run --profiles-dir ./p --project-dir=/srv/shop"
    assert _words(profiles_dir="./p", project_dir="/srv/shop", invocation_command=command) == ("--profiles-dir", "./p", "--project-dir", "/srv/shop")


def test_folders_that_dbt_found_by_itself_are_not() -> None:
    found = carried(Run(args={"target": "t", "profiles_dir": "/home/me/.dbt", "project_dir": "/home/me/shop", "invocation_command": "dbt run --select \"it's"}))
    assert found.words == ("--target", "t")
    assert found.notes == ()


def test_without_the_command_relative_folders_are_carried_and_others_named() -> None:
    found = carried(Run(args={"target": "t", "profiles_dir": "ci/profiles", "project_dir": "/srv/shop"}))
    assert found.words == ("--target", "t", "--profiles-dir", "ci/profiles")
    assert found.notes == ("The run's --project-dir was /srv/shop: add it where that is not what dbt finds by itself.",)


@pytest.mark.parametrize("value", [".", "~/.dbt", "C:\\dbt", 7])
def test_what_only_one_machine_has_is_not_carried(value: object) -> None:
    assert _words(profiles_dir=value) == ()


def test_deferral_and_indirect_selection() -> None:
    found = carried(Run(args={"target": "t", "defer": True, "indirect_selection": "cautious"}))
    assert found.notes == (DEFERRED,)
    assert found.test_words == ("--indirect-selection", "eager")
