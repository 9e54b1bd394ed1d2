"""Every service that is not one of ours, through Apprise: Teams, mail, Discord, Opsgenie and a hundred others."""

from __future__ import annotations

import html
import importlib.util
import inspect
import re
import warnings
from typing import TYPE_CHECKING, Any

from aftershock.model import Severity
from aftershock.notify.clean import silence
from aftershock.notify.service import Parcel, Service, shortened
from aftershock.notify.tries import UNKNOWN, Failure, Patience
from aftershock.notify.wire import CONNECT, READ

if TYPE_CHECKING:
    import logging

    from aftershock.model import NotifyTarget
    from aftershock.model.message import Message
    from aftershock.notify.address import Address

MAIL_SIZED = 20_000
"""From this many characters on, a service that takes HTML takes a whole page of it."""
ROOMY = {
    "workflow": 20_000,
    "workflows": 20_000,
    "json": 1_000_000,
    "jsons": 1_000_000,
    "form": 1_000_000,
    "forms": 1_000_000,
    "xml": 1_000_000,
    "xmls": 1_000_000,
}
"""Schemes whose services take more characters than Apprise says."""
_DEFAULT_TIMEOUT = 4.0
_STATUS = re.compile(r"\berror=(\d{3})\b")
_DETAIL = re.compile(r"Exception: (.{1,200})")
_WARNING = 30
_TOO_MANY, _REDIRECTS, _BROKEN = 429, range(300, 400), range(500, 600)
_SIGNS = (
    (
        re.compile(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|hostname .* doesn't match", re.IGNORECASE),
        "its certificate is not to be trusted",
        False,
        False,
    ),
    (
        re.compile(
            r"Read timed out|operation timed out|Exception: timed out|RemoteDisconnected|Connection aborted|reset by peer|unexpectedly closed", re.IGNORECASE
        ),
        "it broke off without an answer",
        False,
        True,
    ),
    (re.compile(r"connection refused|actively refused", re.IGNORECASE), "it cannot be reached (connection refused)", True, False),
    (
        re.compile(r"NameResolution|getaddrinfo|Name or service|nodename nor servname", re.IGNORECASE),
        "it cannot be reached (there is no such server)",
        True,
        False,
    ),
    (re.compile(r"timed? ?out|unreachable|ConnectionError|NewConnectionError|ProxyError", re.IGNORECASE), "it cannot be reached", True, False),
)
"""What Apprise's own words about a failure mean: whether to try again, and whether the message may have arrived."""
_SMTP = re.compile(r"\b([45]\d\d),? b['\"]([^'\"]{0,120})")


def opened(address: Address, target: NotifyTarget) -> Service:
    """The service that a url of Apprise's names.

    Raises:
        ConfigError: Apprise is not installed or too old, or does not know what the url means.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Apprise loads here is its own affair
        instance(address)
    return lambda parcel, patience: _deliver(address, target, parcel, patience)


def instance(address: Address) -> Any:  # noqa: ANN401  # Apprise is optional
    """Apprise's own object for a url, with our limits of time.

    Raises:
        ConfigError: as for :func:`opened`.
    """
    with silence("apprise") as said:
        apprise = _apprise(address)
        asset = _asset(apprise, address)
        found = apprise.Apprise.instantiate(address.url, asset=asset)
    if found is None:
        why = [record.getMessage() for record in said if record.levelno >= _WARNING]
        raise address.error(
            f"is no url that Apprise can use{f' ({address.clean.sentence(why[0])})' if why else ''}", "Its own documentation has one for each service"
        )
    found.socket_connect_timeout = CONNECT if found.socket_connect_timeout == _DEFAULT_TIMEOUT else min(found.socket_connect_timeout, READ)
    found.socket_read_timeout = READ if found.socket_read_timeout == _DEFAULT_TIMEOUT else min(found.socket_read_timeout, 2 * READ)
    found.request_rate_per_sec = 0
    found.retry = 0
    return found


def _apprise(address: Address) -> Any:  # noqa: ANN401  # a module
    if importlib.util.find_spec("apprise") is None:
        raise address.error("needs Apprise, which is not installed", "Run pip install 'aftershock[notify]'")
    import apprise

    if not hasattr(apprise.AppriseAsset, "http_redirects"):
        raise address.error("needs a newer Apprise: this one follows redirects, and hands credentials on", "Run pip install --upgrade 'apprise>=1.11'")
    return apprise


def _asset(apprise: Any, address: Address) -> Any:  # noqa: ANN401  # Apprise is optional
    """Apprise's settings: one message at a time, in this thread, nothing fetched, nothing of its own look."""
    ours = {
        "app_id": "aftershock",
        "app_desc": "aftershock",
        "app_url": "",
        "http_redirects": False,
        "async_mode": False,
        "interpret_emojis": False,
        "image_url_mask": "",
    }
    known = inspect.signature(apprise.AppriseAsset.__init__).parameters
    try:
        return apprise.AppriseAsset(**ours, **({"service_timeout": 0} if "service_timeout" in known else {}))
    except (TypeError, ValueError, AttributeError):
        pass
    raise address.error("cannot be used with this version of Apprise", "Run pip install --upgrade apprise")


def _deliver(address: Address, target: NotifyTarget, parcel: Parcel, patience: Patience[dict[str, str]]) -> dict[str, str]:
    called = " ".join(target.mentions) if not parcel.before else ""

    def attempt() -> dict[str, str]:
        with silence("apprise") as said:
            service = instance(address)
            done = _notified(service, address, parcel, called)
        if not done:
            raise _failure(said, single=len(service) < 2)  # noqa: PLR2004  # one recipient
        return {}

    return patience.until_done(attempt)


def _notified(service: Any, address: Address, parcel: Parcel, called: str) -> bool:  # noqa: ANN401  # Apprise is optional
    from apprise import Apprise, NotifyType

    message = parcel.message
    form, body = written(service, message, ROOMY.get(address.scheme, 0), called)
    kind = {"resolution": NotifyType.SUCCESS, "notification": NotifyType.FAILURE, "update": NotifyType.WARNING}.get(message.document, NotifyType.INFO)
    severe = message.severity in {None, Severity.P0, Severity.P1}
    sender = Apprise(asset=service.asset)
    sender.add(service)
    return bool(sender.notify(body, title(message, form), NotifyType.WARNING if kind is NotifyType.FAILURE and not severe else kind, body_format=form))


def written(service: Any, message: Message, roomy: int, called: str) -> tuple[str, str]:  # noqa: ANN401  # Apprise is optional
    """The form that a service takes, and the message in it: a page for mail, Markdown where it is read, else plain text that Apprise converts."""
    formats = [getattr(form, "value", form) for form in _listed(service.notify_format)]
    most = roomy or (service.body_maxlen if isinstance(service.body_maxlen, int) and service.body_maxlen > 0 else MAIL_SIZED)
    wanted = "html" if formats[0] == "html" and most >= MAIL_SIZED else "markdown" if "markdown" in formats and formats[0] != "html" else "text"
    resolve = getattr(service, "resolve_format", None)
    taken = resolve(wanted) if resolve else formats[0]
    form = wanted if getattr(taken, "value", taken) == wanted else "text"
    if form == "html":
        return form, message.html.replace("<body>", f"<body><p>{html.escape(called)}</p>", 1) if called else message.html
    body = f"{called}\n\n{message.markdown if form == 'markdown' else message.text}".strip()
    return form, shortened(body, most, message.incident)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401  # one format or several
    return list(value) if isinstance(value, (tuple, list)) else [value]


def title(message: Message, form: str) -> str:
    """A mail's subject; elsewhere words of ours alone, since some services read a title as Markdown, and nothing is known of how they escape it."""
    if form == "html":
        return " ".join(message.subject.split())
    level = f" {message.severity.value}" if message.severity else ""
    return f"{message.incident}{level} data incident, {message.status.value}: {message.document}"


def _failure(said: list[logging.LogRecord], *, single: bool) -> Failure:
    """Why Apprise did not succeed, from what it logged: it returns only that it did not."""
    texts = [record.getMessage() for record in said]
    everything = "\n".join(texts)
    partly = "" if single else "; it has several recipients, and some of them may have it"
    status = _STATUS.search(everything)
    if status:
        return _by_status(int(status[1]), partly, single=single)
    for sign, why, again, lost in _SIGNS:
        if sign.search(everything):
            return Failure(f"{why}{'; ' + UNKNOWN if lost else partly}", again=again and single, lost=lost)
    mail = _SMTP.search(everything)
    if mail:
        return Failure(f"the mail server answered {mail[1]} {mail[2]}{partly}")
    warnings = [record.getMessage() for record in said if record.levelno >= _WARNING]
    detail = _DETAIL.search(everything)
    return Failure(f"{warnings[-1] if warnings else 'Apprise says only that it did not succeed'}{f' ({detail[1]})' if detail else ''}{partly}")


def _by_status(status: int, partly: str, *, single: bool) -> Failure:
    if status in _REDIRECTS:
        return Failure(f"the service answered with a redirect ({status}), which is not followed, since it would hand credentials on{partly}")
    if status == _TOO_MANY:
        return Failure(f"the service takes no more messages at present (429){partly}", again=single)
    if status in _BROKEN:
        return Failure(f"the service has a failure of its own ({status}){partly}", again=single)
    return Failure(f"the service did not accept it ({status}){partly}")
