r"""Untrusted text made inert, one function for each kind of output.

Names, descriptions and URLs come from whoever may open a pull request. Whatever can move a cursor, reverse the reading order or hide is
spelled out (``\x1b``, ``\u202e``), in every output; then each output's own syntax is escaped.
"""

from __future__ import annotations

import html as entities
import re
import shlex

UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Control characters, bidirectional controls, characters without a width and lone surrogates."""

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_TOKEN = re.compile(r"@|://|www\.|#\w|\bGH-\d", re.IGNORECASE)
_OPENING, _CLOSING = "([<\"'", ")]>.,;:'\"!?"
_MARKDOWN = re.compile(r"[\\`*\[\]|~$!#]|(?<![^\W_])_|_(?![^\W_])")
_LEADING = re.compile(r"^(?:[-+=]|\d+(?=[.)]))")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SLACK = re.compile("<(?=[!@#])")
_EVERYBODY = re.compile(r"@(?=(?:&?\d+|all|channel|everyone|group|here|online|room|subteam|team)\b(?!\.\w))", re.IGNORECASE)
_SOMEBODY = re.compile(r"(?<![\w.%+-])@(?=\w)")
_ADDRESSED = re.compile(r"<(?=[!@#]|users/)", re.IGNORECASE)
_SLACK_LABEL = re.compile(r"[|*~`]|(?<![^\W_])_|_(?![^\W_])")
_SLACK_WORD = re.compile(r"[@*~`]|://|#\w|(?<![^\W_])_|_(?![^\W_])|\w\.[a-z]{2}|:[a-z][\w+'-]*:", re.IGNORECASE)
_MERMAID = re.compile(r"[^\w ./,-]|^-|(?<=\d)\.", re.ASCII)
_URL = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_URL_QUOTED = re.compile(r"%(?![0-9A-Fa-f]{2})|[^\w%/:?#@!$&*+,;=~.-]", re.ASCII)


def terminal(text: str) -> str:
    """``text`` on one line, with every unsafe character spelled out as an escape that people can read."""
    return UNSAFE.sub(lambda found: _spelled(found[0]), text)


def prose(text: str) -> str:
    """Like `terminal`, for sentences: runs of white space, line breaks included, become one space."""
    return terminal(" ".join(text.split()))


def json_text(encoded: str) -> str:
    r"""Encoded JSON with unsafe characters inside its strings as ``\uXXXX``: the same values, safe to look at."""
    return UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else _json_escape(found[0]), encoded)


def without_surrogates(text: str) -> str:
    """``text`` with lone surrogates, which no encoding of JSON can carry, spelled out."""
    return re.sub("[\ud800-\udfff]", lambda found: _spelled(found[0]), text)


def shell(argv: tuple[str, ...]) -> str:
    """One line for a POSIX shell that runs exactly ``argv``; words with unsafe characters are written as ``$'…'`` (bash, zsh, ksh).

    Empty where there are no words, or where no shell can pass them: a NUL byte, text that is not Unicode.
    """
    try:
        return " ".join(_word(word) for word in argv)
    except ValueError:
        return ""


def markdown(text: str) -> str:
    """Inline Markdown that shows ``text`` and does nothing: no mention, link, HTML, emphasis, list or heading comes of it.

    Words that a site would make a mention or a link (``@all``, ``a@b.c``, ``https://…``, ``#12``) become code.
    """
    words = [_markdown_word(word) for word in prose(text).split(" ")]
    return _LEADING.sub(lambda found: f"\\{found[0]}" if not found[0][0].isdigit() else f"{found[0]}\\", " ".join(words))


def markdown_code(text: str) -> str:
    """``text`` as a code span, also in a cell of a table; empty for empty text."""
    shown = terminal(_SLACK.sub(r"\\x3c", text)).replace("|", r"\x7c")
    if not shown:
        return ""
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def markdown_fence(line: str) -> str:
    """The fence that is safe around ``line``: longer than any run of backticks in it."""
    return "`" * max(3, _longest_run(line) + 1)


def unaddressed(text: str) -> str:
    """``text`` in which nothing calls everybody, or somebody by number: ``@here`` becomes ``@ here``.

    Services look for such words even where a code span holds them. An e-mail address stays as it is.
    """
    return _EVERYBODY.sub("@ ", text)


def plain(text: str) -> str:
    """``text`` as one line of a plain message: no service finds a mention in it (``@ana`` becomes ``@ ana``, ``<!here>`` ``< !here>``)."""
    return _ADDRESSED.sub("< ", _SOMEBODY.sub("@ ", unaddressed(prose(text))))


def html(text: str) -> str:
    """``text`` on one line between tags, or in a quoted attribute."""
    return entities.escape(unaddressed(prose(text)))


def slack(text: str) -> str:
    """``text`` as Slack's mrkdwn that shows it and does nothing.

    Slack has no escape for its own marks, so a word that holds one, or that Slack would make a link, a mention or a picture, becomes code.
    """
    first, *others = unaddressed(prose(text)).split(" ")
    return " ".join([slack_code(first) if first.startswith(">") else _slack_word(first), *map(_slack_word, others)])


def slack_code(text: str) -> str:
    """``text`` as Slack's code; empty for empty text. Code cannot hold a backquote, which is spelled out."""
    shown = _slack_entities(unaddressed(prose(text)).replace("`", r"\x60"))
    return f"`{shown}`" if shown else ""


def slack_link(url: str, text: str) -> str:
    """A link of Slack's that shows ``text``; ``url`` is one that `http_url` returned. A bar would end the address, an angle bracket the link."""
    shown = _slack_entities(_SLACK_LABEL.sub(" ", unaddressed(prose(text))))
    return f"<{_slack_entities(url)}|{shown}>" if shown.strip() else f"<{_slack_entities(url)}>"


def mermaid(text: str) -> str:
    """``text`` for a quoted Mermaid label, with all but plain letters, digits and spaces as Mermaid's own ``#NN;`` codes."""
    return _MERMAID.sub(lambda found: f"#{ord(found[0])};", terminal(text))


def dot(text: str) -> str:
    """``text`` for a double-quoted DOT label: graphviz reads backslashes, quotes and HTML entities there."""
    return terminal(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def http_url(url: str) -> str:
    """``url`` with everything percent-encoded that could end a link early; empty unless it is a plain http or https address."""
    if UNSAFE.search(url) or not _URL.match(url):
        return ""
    return _URL_QUOTED.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url)


def _slack_word(word: str) -> str:
    if not _SLACK_WORD.search(word):
        return _slack_entities(word)
    start = len(word) - len(word.lstrip("(["))
    core = word[start:].rstrip(")].,;:!?")
    return f"{_slack_entities(word[:start])}{slack_code(core)}{_slack_entities(word[start + len(core) :])}"


def _slack_entities(text: str) -> str:
    return re.sub("[&<>]", lambda found: _ENTITIES[found[0]], text)


def _spelled(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004  # the three widths


def _json_escape(char: str) -> str:
    pair = char.encode("utf-16-be")
    return "".join(f"\\u{pair[at]:02x}{pair[at + 1]:02x}" for at in range(0, len(pair), 2))


def _word(word: str) -> str:
    raw = word.encode("utf-8", "surrogateescape")
    if b"\0" in raw:
        raise ValueError
    if not UNSAFE.search(word):
        return shlex.quote(word)
    return "$'" + "".join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b"\\'" else f"\\{byte:03o}" for byte in raw) + "'"  # noqa: PLR2004  # printable ASCII


def _markdown_word(word: str) -> str:
    if not _TOKEN.search(word):
        return _markdown_plain(word)
    start = len(word) - len(word.lstrip(_OPENING))
    core = word[start:].rstrip(_CLOSING)
    return _markdown_plain(word[:start]) + markdown_code(core) + _markdown_plain(word[start + len(core) :])


def _markdown_plain(text: str) -> str:
    escaped = _MARKDOWN.sub(lambda found: f"\\{found[0]}", text)
    return re.sub("[&<>]", lambda found: _ENTITIES[found[0]], escaped)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
