"""A server on this machine that plays the services: what it is asked it writes down, and what it answers is set for each test."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from aftershock.model import NotifyTarget, Owner, Policy, Severity
from aftershock.model.message import Message
from aftershock.model.record import Delivery, Status
from aftershock.notify import send

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

LOCAL = ["127.0.0.1", "::1", "localhost"]
NOW = "2026-03-01T06:00:00Z"
TOKEN = "xoxb-c4n4ry-t0k3n-9Zq8Wx7V"  # noqa: S105  # a canary
KEY = "c4n4ryk3y0123456789abcdefABCDEF0"
HOOK = "T0C4N4RY/B0C4N4RY/c4n4ryH00k9Zq8Wx7Vb6"
PASSWORD = "c4n4ry p@ss/wörd?&=+"  # noqa: S105  # a canary
SECRETS = {
    "AFTERSHOCK_SLACK_TOKEN": TOKEN,
    "AFTERSHOCK_PAGERDUTY_KEY": KEY,
    "AFTERSHOCK_SLACK_WEBHOOK": f"https://hooks.slack.com/services/{HOOK}",
    "AFTERSHOCK_PASSWORD": PASSWORD,
    "AFTERSHOCK_WORKFLOW": "c4n4ryw0rkfl0w0123456789abcdef01",
    "AFTERSHOCK_SIGNATURE": "c4n4rys1gn4tur3-9Zq8Wx7Vb6_Nm5",
}


class Seen(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:  # noqa: ANN401  # JSON
        return json.loads(self.body)


class Reply(NamedTuple):
    """One answer. ``stall`` is in seconds before it, ``late`` between its head and its body; ``breaks`` ends the connection without any."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = {}  # never changed
    stall: float = 0.0
    late: float = 0.0
    breaks: bool = False


def as_json(data: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(data), {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}})


class Stage:
    """What a server saw, and what it answers: each of ``replies`` once, the last one for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.replies: list[Reply | Callable[[Seen], Reply]] = [Reply(200, "ok")]
        self.url = ""
        self.port = 0

    def answer(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(seen) if callable(reply) else reply

    @property
    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]


@contextmanager
def playing(tls: ssl.SSLContext | None = None) -> Iterator[Stage]:
    stage = Stage()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            reply = stage.answer(Seen(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(reply.stall)
            if reply.breaks:
                self.close_connection = True
                return
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body.encode())))
                self.end_headers()
                time.sleep(reply.late)
                self.wfile.write(reply.body.encode())
            except OSError:  # the other side has had enough
                pass

        do_GET = do_POST  # noqa: N815  # a redirect that is followed would come as GET

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    stage.port = server.server_address[1]
    stage.url = f"{'https' if tls else 'http'}://localhost:{stage.port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        server.shutdown()
        server.server_close()


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for a server's name, and its key."""
    made, key = folder / f"{name}.pem", folder / f"{name}.key"
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "2"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", made, *subject],
        check=True,
        capture_output=True,
    )
    return made, key


class Slack:
    """Slack's Web API, as far as it is used: a channel's messages by timestamp."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.known: dict[str, str] = {}

    def __call__(self, seen: Seen) -> Reply:
        return {"/chat.postMessage": self.post, "/chat.update": self.update}[seen.path](seen.data)

    def post(self, data: dict[str, Any]) -> Reply:
        ts = self.known.setdefault(data["client_msg_id"], f"{1700000000 + len(self.messages)}.000100")
        self.messages.setdefault(ts, dict(data))
        return as_json({"ok": True, "channel": "C0DATA", "ts": ts})

    def update(self, data: dict[str, Any]) -> Reply:
        if data["ts"] not in self.messages:
            return as_json({"ok": False, "error": "message_not_found"})
        self.messages[data["ts"]].update(data)
        return as_json({"ok": True, "channel": data["channel"], "ts": data["ts"]})


def message(**changes: Any) -> Message:  # noqa: ANN401  # whatever fields
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "DATA INCIDENT: P1"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Summary:* stale"}},
    ]
    made = Message(
        incident="INC-12",
        uid="6f1c8f0e-uid",
        document="notification",
        audience="engineers",
        recipient=None,
        subject="[INC-12] P1: orders are stale",
        severity=Severity.P1,
        status=Status.INVESTIGATING,
        markdown="**DATA INCIDENT: P1**\n\n**Summary:** orders are stale",
        text="DATA INCIDENT: P1\n\nSummary: orders are stale",
        html="<html><body><h1>DATA INCIDENT: P1</h1></body></html>",
        slack="*DATA INCIDENT: P1*\n*Summary:* orders are stale",
        blocks=json.dumps(blocks),
    )
    return msgspec.structs.replace(made, **changes)


def update(**changes: Any) -> Message:  # noqa: ANN401  # whatever fields
    return message(**{"document": "update", "markdown": "**UPDATE: P1**", "slack": "*UPDATE: P1*", "text": "UPDATE: P1", **changes})


def resolution(**changes: Any) -> Message:  # noqa: ANN401  # whatever fields
    return message(**{"document": "resolution", "status": Status.RESOLVED, "markdown": "**RESOLVED**", "slack": "*RESOLVED*", "text": "RESOLVED", **changes})


GROWTH = Owner("Growth", "growth@example.com", "@growth")


class Pauses(list[float]):
    """Waits that are written down instead of waited for."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def sent(
    messages: Sequence[Message] | Message, *targets: NotifyTarget, earlier: Sequence[Delivery] = (), pause: Pauses | None = None, **more: object
) -> tuple[Delivery, ...]:
    several = [messages] if isinstance(messages, Message) else messages
    options: dict[str, Any] = {"environ": SECRETS, "first_number": len(earlier) + 1, "policy": Policy(notify=targets), **more}
    return send(several, targets, earlier=earlier, now=lambda: NOW, pause=Pauses() if pause is None else pause, **options)
