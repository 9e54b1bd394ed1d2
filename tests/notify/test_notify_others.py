"""What goes through Apprise: Teams, JSON, mail and what they need, played by a server on this machine."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from notify_stage import GROWTH, LOCAL, NOW, PASSWORD, SECRETS, Pauses, Reply, message, playing, resolution, sent, update

from aftershock.errors import ConfigError
from aftershock.model import NotifyTarget, Owner, Policy, Severity
from aftershock.notify import others, pending, resend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notify_stage import Stage

pytestmark = pytest.mark.allow_hosts(LOCAL)


def hook(stage: Stage, more: str = "", **options: Any) -> NotifyTarget:  # noqa: ANN401  # whatever fields
    return NotifyTarget("hook", f"json://bot:${{AFTERSHOCK_PASSWORD}}@localhost:{stage.port}/incidents/{more}", **options)


def teams(stage: Stage) -> NotifyTarget:
    return NotifyTarget("teams", f"workflows://localhost:{stage.port}/${{AFTERSHOCK_WORKFLOW}}/${{AFTERSHOCK_SIGNATURE}}")


@pytest.mark.usefixtures("trusted")
def test_teams(secure_stage: Stage) -> None:
    secure_stage.replies = [Reply(202)]
    (delivery,) = sent(message(markdown="**DATA INCIDENT**\n\n`@channel` \\*x\\* &lt;at&gt;all&lt;/at&gt;"), teams(secure_stage))
    assert (delivery.status, delivery.error, delivery.attempts) == ("sent", "", 1)
    (seen,) = secure_stage.seen
    assert seen.path.startswith(f"/workflows/{SECRETS['AFTERSHOCK_WORKFLOW']}/triggers/manual/paths/invoke?")
    assert f"sig={SECRETS['AFTERSHOCK_SIGNATURE']}" in seen.path
    (card,) = seen.data["attachments"]
    title, body = card["content"]["body"]
    assert title["text"] == "INC-12 P1 data incident, investigating: notification"
    assert body["text"] == "**DATA INCIDENT**\n\n`@channel` \\*x\\* &lt;at&gt;all&lt;/at&gt;"
    assert "entities" not in card["content"]["msteams"]
    assert len(seen.body) < 28_000


@pytest.mark.usefixtures("trusted")
def test_a_long_document_stays_within_what_teams_takes(secure_stage: Stage) -> None:
    sent(message(markdown="\n".join(f"- line {number} of the timeline" for number in range(2000))), teams(secure_stage))
    assert len(secure_stage.seen[0].body) < 28_000
    assert secure_stage.seen[0].data["attachments"][0]["content"]["body"][1]["text"].endswith("aftershock incident show INC-12")


def test_a_certificate_that_nobody_vouches_for(secure_stage: Stage) -> None:
    (delivery,) = sent(message(), teams(secure_stage))
    assert (delivery.status, delivery.error, delivery.attempts) == ("failed", "its certificate is not to be trusted", 1)
    assert secure_stage.seen == []


@pytest.mark.usefixtures("trusted")
def test_another_servers_certificate(misnamed_stage: Stage) -> None:
    (delivery,) = sent(message(), teams(misnamed_stage))
    assert delivery.error == "its certificate is not to be trusted"


def test_a_whole_url_in_a_variable(stage: Stage) -> None:
    target = NotifyTarget("hook", "${AFTERSHOCK_HOOK}")
    environ = {"AFTERSHOCK_HOOK": f"json://bot:hunter2@localhost:{stage.port}/t0ps3cr3tp4th/x"}
    assert sent(message(), target, environ=environ)[0].status == "sent"
    assert stage.paths == ["/t0ps3cr3tp4th/x"]


def test_json_gets_markdown_with_a_title_of_our_own_words(stage: Stage) -> None:
    (delivery,) = sent(message(subject="[INC-12] <b>[x](https://evil.example)</b>"), hook(stage))
    (seen,) = stage.seen
    assert delivery.status == "sent"
    assert seen.data["message"] == message().markdown
    assert seen.data["title"] == "INC-12 P1 data incident, investigating: notification"
    assert seen.data["type"] == "failure"


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (message(severity=Severity.P3), "warning"),
        (message(severity=None), "failure"),
        (update(), "warning"),
        (resolution(), "success"),
        (message(document="checklist"), "info"),
    ],
)
def test_kinds_of_message(stage: Stage, made: Any, kind: str) -> None:  # noqa: ANN401  # a message
    sent(made, hook(stage))
    assert stage.seen[0].data["type"] == kind


def test_a_value_cannot_change_where_a_message_goes(stage: Stage, other_stage: Stage) -> None:
    for value in (
        f"x@localhost:{other_stage.port}/",
        f"@localhost:{other_stage.port}/#",
        f"x?host=localhost:{other_stage.port}&",
        "a b",
        "ü%2F%00",
        "../..",
        PASSWORD,
    ):
        assert sent(message(), hook(stage), environ={"AFTERSHOCK_PASSWORD": value})[0].status == "sent"
    assert other_stage.seen == []
    assert set(stage.paths) == {"/incidents/"}
    assert base64.b64decode(stage.seen[-1].headers["authorization"].removeprefix("Basic ")).decode("latin-1") == f"bot:{PASSWORD}"


FAILURES = {
    400: (1, "the service did not accept it (400)"),
    403: (1, "the service did not accept it (403)"),
    429: (3, "the service takes no more messages at present (429)"),
    500: (3, "the service has a failure of its own (500)"),
}


@pytest.mark.parametrize(("status", "tries", "said"), [(status, *rest) for status, rest in FAILURES.items()])
def test_services_that_fail(stage: Stage, status: int, tries: int, said: str) -> None:
    stage.replies = [Reply(status, PASSWORD)]
    pauses = Pauses()
    (delivery,) = sent(message(), hook(stage), pause=pauses)
    assert (delivery.status, delivery.error, delivery.attempts, len(stage.seen)) == ("failed", said, tries, tries)
    assert pauses == [1.0, 4.0][: tries - 1]


def test_a_failure_that_passes(stage: Stage) -> None:
    stage.replies = [Reply(500), Reply(429), Reply(200)]
    assert sent(message(), hook(stage))[0].attempts == 3


def test_retries_of_apprise_itself_are_not_added(stage: Stage) -> None:
    stage.replies = [Reply(500)]
    sent(message(), hook(stage, "?retry=5&wait=0"))
    assert len(stage.seen) == 3


def test_a_redirect_is_not_followed(stage: Stage, other_stage: Stage) -> None:
    stage.replies = [Reply(307, "", {"Location": f"{other_stage.url}/elsewhere"})]
    (delivery,) = sent(message(), hook(stage))
    assert delivery.error == "the service answered with a redirect (307), which is not followed, since it would hand credentials on"
    assert other_stage.seen == []


def test_nobody_there() -> None:
    with playing() as gone:
        target = hook(gone)
    (delivery,) = sent(message(), target)
    assert (delivery.error, delivery.attempts) == ("it cannot be reached (connection refused)", 3)


def test_an_answer_that_is_lost(stage: Stage) -> None:
    stage.replies = [Reply(breaks=True)]
    (delivery,) = sent(message(), hook(stage))
    assert (delivery.error, delivery.attempts) == ("it broke off without an answer; it is unknown whether it arrived", 1)


def test_an_answer_that_does_not_come(stage: Stage) -> None:
    stage.replies = [Reply(stall=0.8)]
    (delivery,) = sent(message(), hook(stage, "?rto=0.2"))
    assert (delivery.error, delivery.attempts) == ("it broke off without an answer; it is unknown whether it arrived", 1)


def test_what_apprise_raises_is_a_failure_to_send(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    import apprise

    def broken(*_: object, **__: object) -> bool:
        raise RuntimeError(f"at {PASSWORD}\n\x1b[31m")

    monkeypatch.setattr(apprise.Apprise, "notify", broken)
    (delivery,) = sent(message(), hook(stage))
    assert (delivery.status, delivery.error) == ("failed", "RuntimeError: at [hidden] [31m")


@contextmanager
def mail_server() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """A mail server without TLS: what it was given, by recipient. It refuses whoever is called nobody."""
    got: list[tuple[str, str]] = []

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            to = ""
            while line := self.rfile.readline().decode().strip():
                verb = line[:4].upper()
                if verb == "RCPT":
                    to = line.partition("<")[2].partition(">")[0]
                    self.say("550 nobody here" if to.startswith("nobody") else "250 ok")
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline().decode()) != ".\r\n":
                        lines.append(part)
                    got.append((to, "".join(lines)))
                    self.say("250 ok")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1], got
        server.shutdown()


def mail(port: int, **more: Any) -> NotifyTarget:  # noqa: ANN401  # whatever fields
    return NotifyTarget("owners", f"mailto://localhost:{port}?from=bot@example.com&to={{email}}", audience="owners", **more)


def test_mail_to_each_owner() -> None:
    other = Owner("Finance", "finance+data@example.com")
    with mail_server() as (port, got):
        made = [message(audience="owners", recipient=GROWTH, subject="[INC-12] x\r\nBcc: evil@example.com"), message(audience="owners", recipient=other)]
        deliveries = sent(made, mail(port, mentions=("all <b>hands</b>",)))
    assert [(delivery.status, delivery.recipient, delivery.error) for delivery in deliveries] == [("sent", GROWTH.label, ""), ("sent", other.label, "")]
    assert [to for to, _ in got] == ["growth@example.com", "finance+data@example.com"]
    parsed = email.message_from_string(got[0][1], policy=email.policy.default)
    assert parsed["Subject"] == "[INC-12] x Bcc: evil@example.com"
    assert parsed["Bcc"] is None
    assert "growth@example.com" in parsed["To"]
    assert "bot@example.com" in parsed["From"]
    page = next(part.get_content() for part in parsed.walk() if part.get_content_type() == "text/html")
    assert page.strip() == "<html><body><p>all &lt;b&gt;hands&lt;/b&gt;</p><h1>DATA INCIDENT: P1</h1></body></html>"


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com,b@example.com", "a@example.com?bcc=b@example.com", "a@example.com&cc=b@example.com", "a@example.com\r\nBcc: b@example.com", "a b@example.com",
        "<a@example.com>", "a@example", "a@-x.com", "@example.com", "a@b@example.com", "a@ex ample.com", "ä@example.com", "a@exämple.com", "a..b@example.com", "-a@example.com",
        "a" * 65 + "@example.com", "a@" + "x." * 130 + "com", "a/b@example.com", "a;b@example.com", "a@example.com#x", "a%40b@example.com", "a@[127.0.0.1]", "{email}", "a@example.com\x00",
    ],
)  # fmt: skip
def test_an_address_that_is_not_one_is_a_failure_and_reaches_nobody(address: str) -> None:
    with mail_server() as (port, got):
        (delivery,) = sent(message(audience="owners", recipient=Owner("Growth", address)), mail(port))
    assert got == []
    assert (delivery.status, delivery.attempts, delivery.error) == ("failed", 0, "nobody to send to: the address of its reader is not one that mail takes")


@pytest.mark.parametrize("recipient", [None, Owner("Growth", "", "@growth")])
def test_a_reader_without_an_address_is_reported_not_dropped(recipient: Owner | None) -> None:
    with mail_server() as (port, got):
        deliveries = sent([message(audience="owners", recipient=recipient), message(audience="owners", recipient=GROWTH)], mail(port))
    assert [delivery.status for delivery in deliveries] == ["failed", "sent"]
    assert (deliveries[0].error, deliveries[0].attempts) == ("nobody to send to: no address is known", 0)
    assert deliveries[0].recipient == (recipient.label if recipient else "")
    assert len(got) == 1


def test_a_recipient_that_the_mail_server_refuses() -> None:
    with mail_server() as (port, got):
        (delivery,) = sent(message(audience="owners", recipient=Owner("", "nobody@example.com")), mail(port))
    assert got == []
    assert delivery.status == "failed"
    assert "550" in delivery.error
    assert delivery.attempts == 1


def test_several_recipients_in_one_url_are_not_tried_again(stage: Stage) -> None:
    with mail_server() as (port, got):
        target = NotifyTarget("team", f"mailto://localhost:{port}?from=bot@example.com&to=a@example.com,nobody@example.com")
        (delivery,) = sent(message(), target)
    assert [to for to, _ in got] == ["a@example.com"]
    assert delivery.error.endswith("it has several recipients, and some of them may have it")
    assert delivery.attempts == 1
    assert stage.seen == []


def test_owners_addresses_are_looked_up_anew_when_it_is_sent_again() -> None:
    with mail_server() as (port, got):
        policy = Policy(notify=(mail(port),))
        made = message(audience="owners", recipient=Owner("Growth"))
        failed = sent(made, mail(port))
        assert [delivery.status for delivery in pending(failed)] == ["failed"]
        assert resend(pending(failed), [made], policy=policy, earlier=failed, environ={}, now=lambda: NOW, pause=Pauses()) == ()
        (moved,) = resend(
            pending(failed), [message(audience="owners", recipient=GROWTH)], policy=policy, earlier=failed, environ={}, now=lambda: NOW, pause=Pauses()
        )
        assert (moved.number, moved.status, moved.recipient) == (1, "sent", GROWTH.label)
        (other,) = failed
        later = (other, msgspec.structs.replace(moved, number=2))
        newer = message(audience="owners", recipient=GROWTH, markdown="as it reads later")
        assert resend(pending(later), [newer], policy=policy, earlier=later, environ={}, now=lambda: NOW, pause=Pauses()) == (), "they have it"
        gone = message(audience="owners", recipient=Owner("Finance", "finance@example.com"))
        assert resend(pending(failed), [gone], policy=policy, earlier=failed, environ={}, now=lambda: NOW, pause=Pauses()) == ()
    assert len(got) == 1


@pytest.mark.parametrize("recipient", [None, Owner("Growth", "", "@growth"), Owner("Growth", "not an address")])
def test_a_reader_without_an_address_fails_once_and_not_every_later_message(recipient: Owner | None) -> None:
    with mail_server() as (port, got):
        first = sent(message(audience="owners", recipient=recipient), mail(port))
        later = sent([update(audience="owners", recipient=recipient), update(audience="owners", recipient=GROWTH)], mail(port), earlier=first)
        assert [delivery.status for delivery in (*first, *later)] == ["failed", "sent"]
        (found,) = sent(update(audience="owners", recipient=Owner("Growth", "growth@example.com", "@growth")), mail(port), earlier=first)
        assert found.status == "sent"
    assert len(got) == 2


WRONG = ["nosuchservice://host/x", "workflows://localhost/", "mailto://", "discord://1/"]


@pytest.mark.parametrize("url", WRONG)
def test_urls_that_apprise_does_not_know(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^notify target a: is no url that Apprise can use"):
        sent(message(), NotifyTarget("a", url))


def test_without_apprise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"needs Apprise, which is not installed\. Run pip install 'aftershock\[notify\]'"):
        sent(message(), NotifyTarget("a", "json://localhost"))


def test_with_an_apprise_that_follows_redirects(monkeypatch: pytest.MonkeyPatch) -> None:
    import apprise

    monkeypatch.delattr(apprise.AppriseAsset, "http_redirects")
    with pytest.raises(ConfigError, match="needs a newer Apprise"):
        sent(message(), NotifyTarget("a", "json://localhost"))


class Plugin:
    """What is asked of one of Apprise's services."""

    def __init__(self, notify_format: object, body_maxlen: object, chosen: str = "") -> None:
        self.notify_format = notify_format
        self.body_maxlen = body_maxlen
        if chosen:
            self.resolve_format = lambda _: chosen


@pytest.mark.parametrize(
    ("plugin", "form"),
    [
        (Plugin("html", 32768), "html"),
        (Plugin(("html", "text"), 32768, "html"), "html"),
        (Plugin(("html", "text"), 32768, "text"), "text"),
        (Plugin(("html", "markdown"), 4096, "html"), "text"),
        (Plugin("markdown", 2000), "markdown"),
        (Plugin(("text", "markdown"), 4000, "markdown"), "markdown"),
        (Plugin(("text", "html", "markdown"), 1024, "markdown"), "markdown"),
        (Plugin("text", 140), "text"),
        (Plugin("text", 0), "text"),
        (Plugin("text", property(lambda _: 1)), "text"),
    ],
)
def test_the_form_that_a_service_gets(plugin: Plugin, form: str) -> None:
    long = message(text="\n".join(["word " * 10] * 1000), markdown="\n".join(["word " * 10] * 1000))
    taken, body = others.written(plugin, long, 0, "")
    assert taken == form
    if form != "html" and isinstance(plugin.body_maxlen, int) and plugin.body_maxlen:
        assert len(body) <= plugin.body_maxlen
