from __future__ import annotations

import shlex

import pytest

from aftershock.errors import UsageError
from aftershock.model import Step
from aftershock.recovery import command
from aftershock.recovery.commands import MOST_BYTES, MOST_WORDS, batches


def test_a_command_is_quoted_for_the_shell() -> None:
    argv = ("dbt", "run", "--select", "fqn:shop.a d.*", "--vars", '{"it\'s": "$HOME `x`"}')
    line = command(Step("run", (), "why", argv=argv))
    assert tuple(shlex.split(line)) == argv


def test_a_persons_step_has_no_command() -> None:
    assert command(Step("gate", (), "why")) == ""


def test_an_unknown_shell_is_refused() -> None:
    with pytest.raises(UsageError, match="shell"):
        command(Step("gate", (), "why"), "fish")  # type: ignore[arg-type]


@pytest.mark.parametrize("words", [[], ["x"], ["x"] * MOST_WORDS, ["x"] * (2 * MOST_WORDS + 1), ["é\udc80" * 300] * 500, ["y" * (MOST_BYTES + 1), "z"]])
def test_batches_fit_and_lose_nothing(words: list[str]) -> None:
    found = [words[part] for part in batches(words)]
    assert sum(found, []) == words  # noqa: RUF017  # few
    for part in found:
        assert 0 < len(part) <= MOST_WORDS
        assert len(part) == 1 or sum(len(word.encode(errors="surrogatepass")) + 1 for word in part) <= MOST_BYTES
