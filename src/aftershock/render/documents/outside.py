"""Who reads affected data outside dbt's graph: said once, what is alike joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import listing
from aftershock.render import summary

if TYPE_CHECKING:
    from aftershock.model import Report

OUTSIDE = "outside dbt's graph"
"""Where readers are that no manifest names."""


def outside(report: Report, *, limit: int, characters: int, short: bool = False) -> str:
    """``c writes reporting.c; other projects may read the public a and b``: a clause, raw; empty where nobody is known.

    Args:
        report: whose hidden consumers.
        limit: how many clauses and names in one before the rest is counted.
        characters: of one clause.
        short: without the kind of reader and the node through which they are reached.
    """
    found = summary.hidden(report)
    public = [summary.label(report, item.unique_id) for item in found if item.kind == "public_model"]
    others = [item for item in found if item.kind != "public_model"]
    told = [(item.what if short else summary.hidden_words(report, item)).replace(f" {OUTSIDE}", "") for item in others]
    if len(public) > 1:
        told.append(f"other projects may read the public {listing(public, limit)}")
    else:
        told += [item.what for item in found if item.kind == "public_model"]
    left = f"; and {len(told) - limit:,} more" if len(told) > limit else ""
    return "; ".join(each if len(each) <= characters else f"{each[: characters - 1]}…" for each in told[:limit]) + left
