"""A target's url with its variables looked up: where a message goes, and which values nobody may see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from aftershock.errors import ConfigError
from aftershock.model.credentials import VARIABLE
from aftershock.notify.clean import Cleaner
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.model import NotifyTarget

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
EMAIL = "{email}"
_MAILBOX = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._+'-]{0,63}@(?=.{4,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$")
_URL = re.compile(r"^(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>\S+)$")
_OFF, _ON = frozenset({"no", "false", "off", "0"}), frozenset({"yes", "true", "on", "1"})
_LONGEST = 8000
_SHORT = 5
"""Parts of a secret url that are not longer than this are words such as ``api`` or ``v1``."""


class Address:
    """A url that is ready to be used. It shows nothing of itself, since its values are secret.

    Args:
        target: the target's name, for errors.
        url: with all variables looked up; it may still have ``{email}``.
        secrets: the values that were looked up.
        written: the url as the file has it.
    """

    def __init__(self, target: str, url: str, secrets: tuple[str, ...], written: str = "") -> None:
        found = _URL.match(url)
        self.target = target
        self.written = written
        self.url = url
        self.scheme = found["scheme"].lower() if found else ""
        self.rest = found["rest"] if found else ""
        self.clean = Cleaner(secrets)

    def __repr__(self) -> str:
        """Only whose it is."""
        return f"Address({self.target!r})"

    def error(self, problem: str, remedy: str = "") -> ConfigError:
        """The error that names the target, without anything secret."""
        return ConfigError(f"notify target {self.target}", self.clean.text(problem), remedy)

    def options(self, known: tuple[str, ...]) -> dict[str, str]:
        """What stands behind the question mark, of the services that are ours.

        Raises:
            ConfigError: an option that is none of ``known``, or a variable among them: it could name another server.
        """
        if VARIABLE.search(self.written.partition("?")[2]):
            raise self.error("has a variable behind its ?", "Write options themselves into the file")
        found = dict(parse_qsl(self.rest.partition("?")[2], keep_blank_values=True))
        for name in found:
            if name not in known:
                raise self.error(f"has an option that {self.scheme}:// does not know", f"Known are: {', '.join(known)}")
        return found

    def base(self, given: str, default: str) -> str:
        """The address of a service's API, without a slash at its end: ``default``, or another one that an option names.

        Raises:
            ConfigError: it is neither https nor on this machine.
        """
        if not given:
            return default
        parts = urlsplit(given)
        if not parts.hostname or parts.username or parts.query or parts.fragment or not (parts.scheme == "https" or _is_local(parts.scheme, parts.hostname)):
            raise self.error("has an api that is no https address", "Write the beginning of the service's address, as in api=https://events.eu.pagerduty.com")
        return given.rstrip("/")

    def for_mailbox(self, email: str) -> Address:
        """The same for one recipient, whose address has passed :func:`is_mailbox`."""
        found = Address(self.target, self.url.replace(EMAIL, quote(email, safe="")), (), self.written)
        found.clean = self.clean
        return found


def is_mailbox(email: str) -> bool:
    """Whether a text, from whoever may write dbt's YAML, is one plain address: nothing in it that a url or a mail's head reads otherwise."""
    return email.isascii() and bool(_MAILBOX.match(email)) and ".." not in email


def resolved(target: NotifyTarget, environ: Mapping[str, str]) -> Address:
    """A target's address, its variables looked up. Only those that begin with ``AFTERSHOCK_`` are.

    Values are percent-encoded, so that none can change what the url means around it; a url that is nothing but a variable is that variable's value.

    Raises:
        ConfigError: a variable is not set, or not plain text. Its name is said, never its value.
    """
    place = f"notify target {target.name}"
    names = tuple(dict.fromkeys(VARIABLE.findall(target.url)))
    values = {name: environ.get(name, "") for name in names}
    missing = [name for name in names if not values[name].strip()]
    if missing:
        raise ConfigError(place, f"{listing(missing)} {'is' if len(missing) == 1 else 'are'} not set", "Set the environment variable where aftershock runs")
    for name, value in values.items():
        if not value.isprintable() or len(value) > _LONGEST:
            raise ConfigError(place, f"{name} is not plain text on one line", "Set it to the bare value; a line end behind it is often left by echo")
    if VARIABLE.fullmatch(target.url):
        return _whole(target, names[0], values[names[0]])
    return Address(target.name, VARIABLE.sub(lambda found: quote(values[found[1]], safe=""), target.url), tuple(values.values()), target.url)


def _whole(target: NotifyTarget, name: str, url: str) -> Address:
    """The address that is wholly in a variable: all of it is secret, its parts too, but for the server's name."""
    if not _URL.match(url) or not url.isascii():
        raise ConfigError(f"notify target {target.name}", f"{name} is no address", "Set it to the whole url of the service, as the service shows it")
    rest = url.partition("://")[2]
    user, _, behind = rest.rpartition("@") if "@" in re.split(r"[/?]", rest)[0] else ("", "", rest)
    words = {unquote(part) for part in re.split(r"[/?&=:#]", f"{user}/{behind.partition('/')[2]}") if len(part) > _SHORT}
    address = Address(target.name, url, tuple(filter(None, (url, user, user.partition(":")[2], *words))))
    options = {key.lower(): value.lower() for key, value in parse_qsl(rest.partition("?")[2])}
    if options.get("verify") in _OFF or options.get("redirect") in _ON:
        raise address.error(f"{name} turns off the check of certificates, or asks to follow redirects", "Remove verify or redirect from it")
    return address


def _is_local(scheme: str, host: str) -> bool:
    return scheme == "http" and host in LOOPBACK
