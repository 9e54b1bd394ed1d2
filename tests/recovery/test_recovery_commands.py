from __future__ import annotations

import pytest

from aftershock.recovery.commands import MOST_BYTES, MOST_WORDS, batches


@pytest.mark.parametrize("words", [[], ["x"], ["x"] * MOST_WORDS, ["x"] * (2 * MOST_WORDS + 1), ["é\udc80" * 300] * 500, ["y" * (MOST_BYTES + 1), "z"]])
def test_batches_fit_and_lose_nothing(words: list[str]) -> None:
    found = [words[part] for part in batches(words)]
    assert sum(found, []) == words  # noqa: RUF017  # few
    for part in found:
        assert 0 < len(part) <= MOST_WORDS
        assert len(part) == 1 or sum(len(word.encode(errors="surrogatepass")) + 1 for word in part) <= MOST_BYTES
