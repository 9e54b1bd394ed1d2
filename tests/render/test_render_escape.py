from __future__ import annotations

import re
import shlex
import subprocess
import unicodedata

import pytest
import reports
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from aftershock.render import escape


def harmless(text: str) -> bool:
    return not escape.UNSAFE.search(text)


TEXTS = st.one_of(st.text(), st.sampled_from(reports.ATTACKS), st.lists(st.sampled_from(reports.ATTACKS), max_size=3).map(" ".join))
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@settings(deadline=None)
@given(TEXTS)
def test_terminal_text_has_no_character_that_acts_or_hides(text: str) -> None:
    shown = escape.terminal(text)
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not escape.UNSAFE.search(shown)


def test_every_format_character_of_unicode_is_unsafe() -> None:
    hidden = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert [char for char in hidden if not escape.UNSAFE.match(char)] == []


def test_what_acts_is_spelled_out() -> None:
    assert escape.terminal("a\x1b[31m\n\u202e\U000e0041") == r"a\x1b[31m\n\u202e\U000e0041"
    assert escape.prose(" two\n\t lines ") == "two lines"


@settings(deadline=None)
@given(st.lists(TEXTS.filter(harmless), min_size=1).map(tuple))
def test_shell_is_what_the_standard_library_writes(argv: tuple[str, ...]) -> None:
    assert escape.shell(argv) == shlex.join(argv)


def test_bash_reads_back_the_words_with_control_characters() -> None:
    argv = ("printf", "%s\\0", *(text for text in reports.ATTACKS if "\udc80" not in text), "\udcff raw", "a'b\\\x01\x7f1")
    line = escape.shell(argv)
    assert not escape.UNSAFE.search(line)
    done = subprocess.run(["bash", "-c", line.encode()], capture_output=True, check=True)
    assert done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1] == list(argv[2:])


@pytest.mark.parametrize("argv", [(), ("dbt", "a\0b"), ("dbt", "\ud800")])
def test_what_no_shell_can_pass_is_no_command(argv: tuple[str, ...]) -> None:
    assert escape.shell(argv) == ""


@settings(deadline=None)
@given(TEXTS)
def test_markdown_shows_the_text_and_does_nothing(text: str) -> None:
    shown = escape.markdown(text)
    tokens = MARKDOWN.parse(f"- {shown}") if shown else []
    kinds = {token.type for token in tokens}
    assert kinds <= {"bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close", "list_item_close", "bullet_list_close"}
    inner = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inner} <= {"text", "text_special", "code_inline"}
    assert _same("".join(child.content for child in inner), escape.prose(text))


@settings(deadline=None)
@given(TEXTS)
def test_mentions_links_and_references_are_only_ever_code(text: str) -> None:
    shown = escape.markdown(text)
    inner = [child for token in MARKDOWN.parse(f"x {shown}") for child in token.children or []]
    plain = "".join(child.content if child.type != "code_inline" else " " for child in inner)
    assert "@" not in plain
    assert "://" not in plain
    assert "www." not in plain.casefold()


@settings(deadline=None)
@given(TEXTS)
def test_code_is_one_span_also_in_a_cell(text: str) -> None:
    shown = escape.markdown_code(text)
    tokens = MARKDOWN.parse(f"| a | b |\n|---|---|\n| {shown} | end |")
    inlines = [token for token in tokens if token.type == "inline"]
    assert inlines[3].content == "end"
    assert {child.type for child in inlines[2].children or []} <= {"code_inline"}
    assert "<!" not in shown
    content = "".join(child.content for child in inlines[2].children or [])
    assert _same(content, escape.terminal(text)) or text.isspace()


@settings(deadline=None)
@given(TEXTS)
def test_prose_stays_in_its_cell(text: str) -> None:
    tokens = MARKDOWN.parse(f"| a | b |\n|---|---|\n| {escape.markdown(text)} | end |")
    inlines = [token for token in tokens if token.type == "inline"]
    assert len(inlines) == 4
    assert inlines[3].content == "end"


@settings(deadline=None)
@given(TEXTS)
def test_mermaid_labels_hold_nothing_but_plain_characters(text: str) -> None:
    assert re.fullmatch(r"(?:[\w ./,-]|#\d+;)*", escape.mermaid(text), re.ASCII)


def test_mermaid_labels_do_not_start_a_list() -> None:
    assert escape.mermaid("1. a") == "1#46; a"
    assert escape.mermaid("- a") == "#45; a"


@settings(deadline=None)
@given(TEXTS)
def test_dot_labels_end_where_they_should(text: str) -> None:
    assert re.fullmatch(r'(?:[^"\\]|\\["\\])*', escape.dot(text))


@settings(deadline=None)
@given(TEXTS)
def test_only_web_addresses_become_links(text: str) -> None:
    url = escape.http_url(text)
    assert url == "" or re.fullmatch(r"https?://[\w%/:?#@!$&*+,;=~.-]+", url, re.ASCII | re.IGNORECASE)
    assert escape.http_url(url) == url


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        ("https://bi.example.com/d/4?x=1&y=2#z", "https://bi.example.com/d/4?x=1&y=2#z"),
        ('http://a.example/(x)[y]"<z>', "http://a.example/%28x%29%5By%5D%22%3Cz%3E"),
        ("https://a.example/ü 100%", "https://a.example/%C3%BC%20100%25"),
        ("HTTPS://A.example", "HTTPS://A.example"),
        ("https:///nohost", ""),
        ("javascript:alert(1)", ""),
        ("https://a.example/\x1b", ""),
        ("ftp://a.example", ""),
        ("", ""),
    ],
)
def test_web_addresses(given_url: str, url: str) -> None:
    assert escape.http_url(given_url) == url


def _same(shown: str, text: str) -> bool:
    """Whether both show the same: a code span spells out pipes and Slack's own marks."""
    return shown.replace(r"\x7c", "|").replace(r"\x3c", "<").strip() == text.replace(r"\x7c", "|").replace(r"\x3c", "<").strip()


MORE = st.one_of(
    TEXTS,
    st.lists(st.sampled_from(["@here", "<!channel>", "<@U1>", "x@everyone", "*a*", "_b_", "~c~", "`d`", ":tada:", "> e", "a@b.example", "&lt;"])).map(" ".join),
)


@settings(deadline=None)
@given(MORE)
def test_plain_messages_are_one_line_that_calls_nobody(text: str) -> None:
    shown = escape.plain(text)
    assert not escape.UNSAFE.search(shown)
    assert not re.search(r"(?<![\w.%+-])@\w|@(?:everyone|here|channel|all)\b(?!\.\w)|<[!#@]|<users/", shown, re.IGNORECASE)
    assert re.sub(r"(?<=[@<]) ", "", shown) == re.sub(r"(?<=[@<]) ", "", escape.prose(text))


@settings(deadline=None)
@given(MORE)
def test_html_is_text_alone(text: str) -> None:
    import html

    shown = escape.html(text)
    assert not set("<>\"'") & set(shown)
    assert html.unescape(shown) == escape.unaddressed(escape.prose(text))


@settings(deadline=None)
@given(MORE)
def test_slack_text_is_words_and_code(text: str) -> None:
    shown = escape.slack(text)
    assert not set("<>") & set(shown)
    assert not re.search(r"&(?!(?:amp|lt|gt);)", shown)
    words = re.sub(r"`[^`]+`", "", shown)
    assert not set("`*~@") & set(words)
    assert "://" not in words
    assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", re.sub(r"`[^`]+`", "x", shown))


@settings(deadline=None)
@given(MORE)
def test_slack_code_and_links_end_where_they_should(text: str) -> None:
    code = escape.slack_code(text)
    assert code == "" or re.fullmatch(r"`[^`<>]+`", code)
    assert re.fullmatch(r"<https://a\.example/\?x=1&amp;y=2(?:\|[^<>|*~`]+)?>", escape.slack_link("https://a.example/?x=1&y=2", text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@here @ana a@b.example", "@ here @ ana a@b.example"),
        ("x@everyone ana@here.com ana@163.com @123 <@&9>", "x@ everyone ana@here.com ana@163.com @ 123 < @ &9>"),
        ("<!channel> <#C1> <users/all> a<b", "< !channel> < #C1> < users/all> a<b"),
    ],
)
def test_nobody_is_called_in_plain_text(text: str, shown: str) -> None:
    assert escape.plain(text) == shown


def test_slack_words_that_act_become_code() -> None:
    assert escape.slack("a_b *c* (raw.orders), @ana: x > y & z") == "a_b `*c*` (`raw.orders`), `@ana`: x &gt; y &amp; z"
    assert escape.slack("> a > b") == "`&gt;` a &gt; b"
    assert escape.slack_code("a`b") == r"`a\x60b`"
