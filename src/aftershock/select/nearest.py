"""Names that are close to one that nobody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 3
LONGEST = 120
COMPARED = 400


def nearest(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three of ``known`` that look like ``text``, best first, in any case; none where the text is absurdly long.

    difflib compares slowly, so only those that share the most pairs of letters with the text come that far.
    """
    import difflib
    import heapq

    if not text or len(text) > LONGEST:
        return ()
    lower = text.lower()
    pairs = {lower[start : start + 2] for start in range(max(1, len(lower) - 1))}
    originals = {name.lower(): name for name in sorted(known)}

    def likeness(name: str) -> tuple[int, str]:
        return 2 * sum(pair in name for pair in pairs) - abs(len(name) - len(lower)), name

    closest = heapq.nlargest(COMPARED, originals, key=likeness)
    last = lower.rpartition(".")[2]
    found = difflib.get_close_matches(lower, closest, n=SHOWN) or difflib.get_close_matches(last, closest, n=SHOWN)
    return tuple(originals[name] for name in found)
