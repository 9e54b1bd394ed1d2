"""The setting ``notify``. No error here repeats what was written for ``url``: it may be a credential, which is just what is wrong with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from aftershock.config import values
from aftershock.config.document import Mapping, Scalar, Sequence, shown
from aftershock.model import NotifyTarget, Severity
from aftershock.model.credentials import VARIABLE, looks_secret, redacted
from aftershock.model.record import Audience, DocumentKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.config.document import Tree

W = TypeVar("W")

KEYS = ("name", "url", "documents", "severity", "audience", "mentions")
DOCUMENTS: tuple[DocumentKind, ...] = get_args(DocumentKind)
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
LONGEST = 2000
"""Characters of a url."""
NAME = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$"
MENTION = r"^[^\s](?:.{0,98}[^\s])?$"
URL = r"^(?:\$\{AFTERSHOCK_[A-Z0-9_]+\}|[A-Za-z][A-Za-z0-9+.-]*://[^\s]+)$"
_PARTS = re.compile(r"^[^:]*://(?:(?P<user>[^/?]*)@)?(?P<host>[^/?]*)(?P<path>[^?]*)\??(?P<query>.*)$", re.DOTALL)
_SECRET_KEYS = frozenset(["password", "passwd", "pass", "pwd", "token", "secret", "apikey", "api_key", "key", "sig", "signature", "auth", "authorization"])
_OFF, _ON = frozenset({"no", "false", "off", "0"}), frozenset({"yes", "true", "on", "1"})
_VARIABLE_REMEDY = "Put it into an environment variable and write ${AFTERSHOCK_…}, its name, in its place"


def targets(tree: Tree, at: values.At, _default: tuple[NotifyTarget, ...] = ()) -> tuple[NotifyTarget, ...]:
    """Where documents are sent to."""
    if not isinstance(tree, Sequence):
        raise at.error("must be a list of targets", 'Start each with "- name:"')
    found: dict[str, NotifyTarget] = {}
    for number, item in enumerate(tree.items):
        place = at.inside(f"[{number}]", item.line)
        target = _target(item, place)
        if target.name.casefold() in found:
            raise place.error(f"has the name {target.name}, which another one has", "Give it a name of its own")
        found[target.name.casefold()] = target
    return tuple(found.values())


def _target(tree: Tree, at: values.At) -> NotifyTarget:
    if not isinstance(tree, Mapping):
        raise at.error("must be a mapping", f"Write keys under it: {', '.join(KEYS)}")
    if any(looks_secret(key) for key in tree.entries):
        raise at.error("has a key that looks like a credential", _VARIABLE_REMEDY)
    given = values.entries(tree, at, KEYS, "a key of a target")
    optional: dict[str, Any] = {}
    if "documents" in given:
        optional["documents"] = tuple(dict.fromkeys(_choice(*one, DOCUMENTS) for one in _several(*given["documents"])))
    if "severity" in given:
        optional["severity"] = Severity(_choice(*given["severity"], values.SEVERITIES))
    if "audience" in given:
        optional["audience"] = _choice(*given["audience"], AUDIENCES)
    if "mentions" in given:
        optional["mentions"] = tuple(dict.fromkeys(_matching(*one, MENTION, "must be short and on one line") for one in _several(*given["mentions"])))
    name = values.needed(given, "name", at, lambda value, place: _matching(value, place, NAME, "must be letters, digits, blanks, dots and dashes, at most 64"))
    url = values.needed(given, "url", at, _url)
    if "{email}" in url and optional.get("audience", "engineers") == "engineers":
        raise at.error("has {email} in its url, but what engineers get is for nobody in particular", "Add audience: owners, or audience: stakeholders")
    return NotifyTarget(name, url, **optional)


def _several(tree: Tree, at: values.At) -> list[tuple[Tree, values.At]]:
    """One value or a list of them, which is not empty."""
    if not isinstance(tree, Sequence):
        return [(tree, at)]
    if not tree.items:
        raise at.error("is empty", "Name one, or leave it out")
    return [(item, at.inside(f"[{number}]", item.line)) for number, item in enumerate(tree.items)]


def _text(tree: Tree, at: values.At) -> str:
    if not isinstance(tree, Scalar):
        raise at.error("must be one value")
    return values.text(tree, at)


def _choice(tree: Tree, at: values.At, allowed: Iterable[W]) -> W:
    found = _text(tree, at)
    for word in allowed:
        if word == found:
            return word
    raise at.error(f"must be one of {', '.join(map(str, allowed))}, not {shown(redacted(found))}")


def _matching(tree: Tree, at: values.At, pattern: str, problem: str) -> str:
    found = _text(tree, at)
    if looks_secret(found):
        raise at.error("looks like a credential", _VARIABLE_REMEDY)
    if not re.match(pattern, found) or not found.isprintable():
        raise at.error(problem)
    return found


def _url(tree: Tree, at: values.At) -> str:
    found = _text(tree, at)
    if len(found) > LONGEST or not found.isprintable() or " " in found:
        raise at.error(f"must be printable, without blanks, and at most {LONGEST} characters long")
    _check_placeholders(found, at)
    if VARIABLE.fullmatch(found):
        return found
    parts = _PARTS.match(VARIABLE.sub("", found))
    if not re.match(URL, found) or parts is None:
        raise at.error("must be an address such as slack://${AFTERSHOCK_SLACK_TOKEN}@channel", "The how-to on notifications has one for each service")
    if _holds_secret(VARIABLE.sub("", found), parts):
        raise at.error("holds a credential in clear text", _VARIABLE_REMEDY)
    _check_safety(parts, at)
    return found


def _check_placeholders(url: str, at: values.At) -> None:
    rest = VARIABLE.sub("", url)
    if "$" in rest:
        raise at.error("stands for a variable that is not allowed", "Write ${AFTERSHOCK_NAME}: capital letters, digits and _, and AFTERSHOCK_ in front")
    if set(re.findall(r"\{[^}]*\}?|\}", rest)) - {"{email}"}:
        raise at.error("has braces around something else than email", "Only {email} is known, the address of whom the text is for")


def _holds_secret(url: str, parts: re.Match[str]) -> bool:
    """Whether a url, without its variables, has a credential in it: a known shape anywhere, anything random outside the server's name, or a password."""
    user, path, query = parts["user"] or "", parts["path"], parts["query"]
    pairs = [pair.partition("=") for pair in re.split("[&;]", query)]
    named = any(key.strip("+-: ").lower() in _SECRET_KEYS and value for key, _, value in pairs)
    pieces = [user, *path.split("/"), *(value for _, _, value in pairs)]
    return bool(user.partition(":")[2]) or named or looks_secret(url, random=False) or any(map(looks_secret, pieces))


def _check_safety(parts: re.Match[str], at: values.At) -> None:
    if "{email}" in f"{parts['user']}{parts['host']}":
        raise at.error("has {email} before its first / or ?", "Put it where the recipient belongs, as in ?to={email}")
    options = {key.lower(): value.lower() for key, _, value in (pair.partition("=") for pair in re.split("[&;]", parts["query"]))}
    if options.get("verify") in _OFF:
        raise at.error("turns off the check of certificates, which is always made", "Remove verify")
    if options.get("redirect") in _ON:
        raise at.error("asks to follow redirects, which would hand credentials on", "Remove redirect")
