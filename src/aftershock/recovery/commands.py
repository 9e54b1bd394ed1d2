"""How many nodes one command can name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_WORDS = 2_000
MOST_BYTES = 100_000
"""Of names in one command. Linux takes 128 KiB for one word and 2 MiB in all; Windows and some job runners far less."""


def batches(words: Sequence[str]) -> Iterator[slice]:
    """The words cut, in their order, into runs that fit one command."""
    start = size = 0
    for end, word in enumerate(words):
        length = len(word.encode(errors="surrogatepass")) + 1
        if end > start and (end - start >= MOST_WORDS or size + length > MOST_BYTES):
            yield slice(start, end)
            start, size = end, 0
        size += length
    if start < len(words):
        yield slice(start, len(words))
