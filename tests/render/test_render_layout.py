from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from aftershock.render.layout import Line, Section, Span, cells, coloured, columns, cut, fit, pad, paragraph, plain, rows_of, wrap

WORDS = st.text(st.sampled_from("abc é名Ｗ -"), max_size=60)
ANSI = re.compile(r"\x1b\[[\d;]*m")


@settings(deadline=None)
@given(WORDS)
def test_cells_are_what_rich_counts(text: str) -> None:
    assert cells(text) == cell_len(text)


@settings(deadline=None)
@given(WORDS, st.integers(2, 30))
def test_cut_text_fits(text: str, width: int) -> None:
    shown = cut(text, width)
    assert cells(shown) <= width
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


def test_marks_without_a_width_do_not_make_a_cut_text_long() -> None:
    assert len(cut("a" + "\u0301" * 10_000, 10)) <= 21


@settings(deadline=None)
@given(WORDS, st.integers(4, 30))
def test_wrapped_text_is_all_there(text: str, width: int) -> None:
    rows = wrap(text, width)
    assert all(cells(row) <= width for row in rows)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


def test_a_paragraph_is_indented_to_its_lead_and_can_be_limited() -> None:
    lead = (Span("ab "),)
    assert plain(list(paragraph(lead, "one two three four five six seven", 24))) == "ab one two three four\n   five six seven\n"
    assert plain(list(paragraph(lead, "one two three four five six seven", 24, rows=1))) == "ab one two three four f…\n"


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5), st.integers(40, 90))
def test_columns_fit_and_are_aligned(texts: list[tuple[str, str, str]], width: int) -> None:
    lines = columns([tuple(Span(f"{text}|") for text in row) for row in texts], width, whole=False)
    shown = ["".join(span.text for span in line) for line in lines]
    assert all(cells(line) <= width for line in shown)
    starts = {sum(cells(span.text) for span in line[:3]) for line in lines}
    assert len(starts) == 1


def test_whole_columns_cut_nothing() -> None:
    line = columns([(Span("x" * 200), Span("y"))], 40, whole=True)[0]
    assert "".join(span.text for span in line) == "  " + "x" * 200 + "  y"
    assert columns([], 40, whole=True) == []


def test_pad_counts_cells() -> None:
    assert pad("名", 4) == "名  "


def items(number: int) -> tuple[tuple[Line, ...], ...]:
    return tuple(((Span(f"  {at}"),),) for at in range(number))


def test_everything_is_parted_by_empty_lines_where_it_fits() -> None:
    sections = [Section((Span("A"),), items(2)), Section((Span("B"),), items(1)), Section((), ())]
    assert plain(fit(sections, 80, 7)) == "A\n  0\n  1\n\nB\n  0\n"


@pytest.mark.parametrize("budget", [6, 9, 12, 30, 44])
def test_a_budget_is_kept_and_what_is_left_out_is_said(budget: int) -> None:
    sections = [Section((Span("A"),), items(20), floor=0), Section((Span("B"),), items(20), first=True), Section((Span("C"),), items(2))]
    lines = fit(sections, 80, budget)
    assert sum(rows_of(line, 80) for line in lines) <= budget
    shown = plain(lines)
    assert "C" in shown
    for title in "AB":
        heading = re.search(rf"^{title}(.*)$", shown, re.MULTILINE)
        assert heading
        count = len(re.findall(r"^  \d+$", shown.split(heading[0], 1)[1].split("\n" + chr(ord(title) + 1), 1)[0], re.MULTILINE))
        assert heading[1] == ("" if count == 20 else f" … and {20 - count} more (--all)" if count else " (--all lists them)")


def test_who_is_first_takes_what_it_needs() -> None:
    sections = [Section((Span("A"),), items(20)), Section((Span("B"),), items(6), first=True)]
    assert plain(fit(sections, 80, 10)).count("\n  ") == 8
    assert "B\n  0\n  1\n  2\n  3\n  4\n  5\n" in plain(fit(sections, 80, 10))


def test_colours_change_nothing_but_the_colour() -> None:
    lines: list[Line] = [(Span("a [bold]b[/bold] :smile: ", "bad"), Span("https://x.example/" + "y" * 90, "link")), (), (Span("  z  ", "dim"),)]
    shown = coloured(lines, 40)
    assert "\x1b[1;31m" in shown
    assert ANSI.sub("", shown) == plain(lines)


def test_items_that_were_not_built_are_counted() -> None:
    assert plain(fit([Section((Span("A"),), items(3), unbuilt=7)], 80, 3)).splitlines()[0] == "A … and 8 more (--all)"


def test_floors_that_do_not_fit_together_are_lowered_but_not_that_of_the_first() -> None:
    sections = [Section((Span("A"),), items(9), floor=9), Section((Span("B"),), items(4), floor=4, first=True), Section((Span("C"),), items(3), floor=3)]
    assert plain(fit(sections, 80, 10)).splitlines()[-8:] == ["B", "  0", "  1", "  2", "  3", "C … and 1 more (--all)", "  0", "  1"]
    assert len(fit(sections, 80, 10)) == 10
    assert len(fit(sections, 80, 6)) == 7


def test_what_must_be_shown_is_shown_in_its_place_and_gaps_are_said() -> None:
    section = Section((Span("A"),), items(9), first=True, must=(4, 7), kinds=("x", "y", "x", "z", "must", "u", "v", "must", "w"))
    assert (
        plain(fit([section], 80, 6)) == "A … and 6 more (--all)\n  0\n     … 3 more here: y, x and z (--all)\n  4\n     … 2 more here: u and v (--all)\n  7\n"
    )
