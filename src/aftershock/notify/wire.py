"""One HTTP request: certificates checked, no redirect followed, never for long. Proxies are those of the environment."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple

from aftershock.notify.tries import UNKNOWN, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT = 5.0
READ = 10.0
"""Seconds: to connect, and between two pieces of an answer."""
_MOST = 200_000
_OK = range(200, 300)
_TOO_MANY = 429
_REDIRECTS, _BROKEN = range(300, 400), range(500, 600)


class Answer(NamedTuple):
    """What a service answered."""

    status: int
    text: str

    def data(self) -> dict[str, Any]:
        """The answer as a JSON object; empty where it is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None, *, service: str, idempotent: bool) -> Answer:
    """Send JSON, and take the answer.

    Args:
        url: an http(s) address.
        body: JSON.
        headers: beside those of the content.
        service: who is asked, for errors.
        idempotent: whether a second request like this does nothing, so that one whose answer is lost may be sent again.

    Raises:
        Failure: nobody answers; or the answer is a redirect, too many requests, or the service's own error.
    """
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8", "User-Agent": "aftershock", **(headers or {})})  # noqa: S310  # callers allow https, and http on this machine
    try:
        with _opener(url).open(request, timeout=CONNECT) as response:
            return _read(response.status, response, service, idempotent=idempotent)
    except urllib.error.HTTPError as error:
        with error:
            answer, wait = _read(error.code, error, service, idempotent=idempotent), error.headers.get("Retry-After", "")
    except urllib.error.URLError as error:
        raise _unreachable(error.reason, service) from None
    except (OSError, http.client.HTTPException) as error:
        raise _lost(error, service, idempotent=idempotent) from None
    return _checked(answer, wait, service)


def _checked(answer: Answer, wait: str, service: str) -> Answer:
    if answer.status in _REDIRECTS:
        raise Failure(f"{service} answered with a redirect ({answer.status}), which is not followed, since it would hand credentials on")
    if answer.status == _TOO_MANY:
        raise Failure(f"{service} takes no more messages at present (429)", again=True, wait=_seconds(wait))
    if answer.status in _BROKEN:
        raise Failure(f"{service} has a failure of its own ({answer.status})", again=True, wait=_seconds(wait))
    return answer


def _read(status: int, response: Any, service: str, *, idempotent: bool) -> Answer:  # noqa: ANN401  # a response, or the error that is one
    try:
        return Answer(status, response.read(_MOST).decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException) as error:
        if status in _OK:
            raise _lost(error, service, idempotent=idempotent) from None
        return Answer(status, "")


def _unreachable(reason: object, service: str) -> Failure:
    """Why a request was not sent. A wrong certificate stays wrong; anything else may pass."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Failure(f"{service}'s certificate is not to be trusted ({reason.verify_message.rstrip('.')})")
    if isinstance(reason, ssl.SSLError):
        return Failure(f"no secure connection to {service} is possible ({reason.reason or 'TLS'})")
    words = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
    return Failure(f"{service} cannot be reached ({words})", again=True)


def _lost(error: Exception, service: str, *, idempotent: bool) -> Failure:
    how = f"{service} did not answer within {READ:.0f} seconds" if isinstance(error, TimeoutError) else f"{service} broke off without an answer"
    return Failure(how if idempotent else f"{how}; {UNKNOWN}", again=idempotent, lost=not idempotent)


def _seconds(text: str) -> float:
    """``Retry-After`` in seconds; 0 where it says none, or a date, which needs clocks that agree."""
    return max(0.0, float(text)) if text.strip().replace(".", "", 1).isdigit() else 0.0


def _opener(url: str) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_Stay, _Secure if url.startswith("https:") else _Plain)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: urllib would take the token along, to whatever host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401  # urllib's signature
        return None


class _Patient:
    """A connection that waits longer for an answer than for the connection."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # the connection that this is mixed into
        self.sock.settimeout(READ)


class _PlainConnection(_Patient, http.client.HTTPConnection):
    pass


class _SecureConnection(_Patient, http.client.HTTPSConnection):
    pass


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_PlainConnection, req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self) -> None:
        self.context = ssl.create_default_context()
        super().__init__(context=self.context)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_SecureConnection, req, context=self.context)
