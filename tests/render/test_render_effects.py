"""Facts are said as facts, and what nobody looked up as what may be."""

from __future__ import annotations

import msgspec
import pytest
import reports

from aftershock.model import Affected, Category, Effect, Report
from aftershock.render import effects, summary

FAILS, LOSES, SKIPPED, WRONG, STALE = Effect.FAILS, Effect.LOSES_COLUMNS, Effect.SKIPPED, Effect.WRONG, Effect.STALE


def node(name: str, found: tuple[Effect, ...], *, below: bool = True, read: bool = False) -> Affected:
    path = ("model.shop.root", name) if below else (name,)
    return Affected(name, "model", name, "", len(path) - 1, path, found, "column" if read else "node")


def of(category: Category, *items: Affected) -> Report:
    report = reports.realistic()
    radius = msgspec.structs.replace(report.assessment.radius, category=category, affected=items)
    return msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, radius=radius))


def said(category: Category, *items: Affected) -> str:
    return effects.tally(of(category, *items), items)


def test_below_a_broken_schema_only_what_was_read_is_a_fact() -> None:
    items = (node("root", (LOSES,), below=False), *(node(f"m{at}", (FAILS, LOSES)) for at in range(3)), node("read", (FAILS, STALE), read=True))
    report = of(Category.SCHEMA_BREAK, *items)
    assert effects.tally(report, items) == "3 may fail, 3 may lose columns, 1 fails, 1 loses columns, 1 stale"
    assert [effects.words(report, item) for item in (items[0], items[1], items[4])] == ["loses columns", "may fail, lose columns", "fails, stale"]
    assert effects.words(report, node("x", ())) == ""
    assert " may be affected." in summary.verdict(report)
    assert " are affected." in summary.verdict(of(Category.SCHEMA_BREAK, items[0], items[4]))


def test_exposures_below_a_broken_schema_may_fail() -> None:
    report = of(Category.SCHEMA_BREAK)
    board = msgspec.structs.replace(reports.DASHBOARDS[0], effects=(FAILS, STALE))
    assert effects.words(report, board) == "may fail, be stale"
    assert effects.words(of(Category.STALE_DATA), board) == "fails, stale"


@pytest.mark.parametrize("effect", list(Effect))
def test_every_effect_has_words(effect: Effect) -> None:
    for category in Category:
        assert effects.words(of(category), node("x", (effect,))).split()[-1].isalpha()
        assert said(category, node("x", (effect,)), node("y", (effect,)))


def test_what_the_last_run_skipped_is_no_effect_of_wrong_values() -> None:
    items = (node("a", (WRONG, SKIPPED)), node("b", (WRONG, SKIPPED)), node("c", (WRONG,)))
    assert said(Category.DATA_QUALITY, *items) == "3 wrong (2 of them skipped in the last run)"
    assert said(Category.PIPELINE_FAILURE, node("a", (SKIPPED, STALE)), node("b", (STALE,))) == "2 stale, 1 skipped"


def test_numbers_and_verbs_agree() -> None:
    assert said(Category.PIPELINE_FAILURE, node("a", (FAILS,))) == "1 fails"
    assert said(Category.PIPELINE_FAILURE, node("a", (FAILS,)), node("b", (FAILS,))) == "2 fail"
    assert said(Category.SCHEMA_BREAK, node("a", (LOSES,), read=True), node("b", (LOSES,), read=True)) == "2 lose columns"
    assert said(Category.DUPLICATE_LOAD, *(node(name, (Effect.DUPLICATED_ROWS, WRONG)) for name in "ab")) == "2 with duplicated rows, 2 wrong"
