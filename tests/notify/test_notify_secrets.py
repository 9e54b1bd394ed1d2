"""Canaries: whatever happens, no credential comes out of notify, in any form."""

from __future__ import annotations

import base64
import logging
import traceback
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from notify_stage import HOOK, KEY, LOCAL, NOW, PASSWORD, SECRETS, TOKEN, Pauses, Reply, Seen, as_json, message, sent

from aftershock.errors import AftershockError, ConfigError
from aftershock.model import NotifyTarget, Policy
from aftershock.model.credentials import HIDDEN
from aftershock.notify import prepared, wire
from aftershock.notify.address import resolved
from aftershock.notify.clean import LONGEST, Cleaner, forms, silence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notify_stage import Stage

pytestmark = pytest.mark.allow_hosts(LOCAL)

CANARIES = [
    TOKEN,
    KEY,
    HOOK,
    HOOK.rpartition("/")[2],
    PASSWORD,
    SECRETS["AFTERSHOCK_WORKFLOW"],
    SECRETS["AFTERSHOCK_SIGNATURE"],
    "hunter2canary",
    "t0ps3cr3tp4th",
]


def traces(text: str) -> list[str]:
    """The canaries in a text, as they are or as HTTP and programs write them."""
    lowered = text.lower()
    found = []
    for canary in CANARIES:
        raw = [canary, quote(canary, safe=""), quote(canary), quote_plus(canary), canary.encode("unicode_escape").decode(), repr(canary)[1:-1]]
        raw += [base64.b64encode(canary.encode(name)).decode().rstrip("=")[:-2] for name in ("utf-8", "latin-1")]
        found += [form for form in raw if form.lower() in lowered]
    return found


class Everything(logging.Handler):
    """Whatever is logged, whole."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()} {record.args} {record.exc_info}")


@pytest.fixture
def log() -> Iterator[Everything]:
    root, handler = logging.getLogger(), Everything()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


def echo(status: int) -> object:
    """A server that tells everybody what it was told, in every way."""

    def reply(seen: Seen) -> Reply:
        basic = seen.headers.get("authorization", "").partition(" ")[2]
        said = f"{seen.path} {seen.headers} {seen.body.decode()} {basic}"
        return as_json({"ok": False, "error": said, "message": said, "errors": [said], "status": said}, status, Location=f"/{basic}", Retry_After="1")

    return reply


REPLIES = [echo(200), echo(400), echo(403), echo(429), echo(500), echo(302), Reply(200, "<html>"), Reply(breaks=True), Reply(200, "ok"), Reply(202)]


def targets(stage: Stage) -> list[NotifyTarget]:
    api = f"?api={stage.url}"
    return [
        NotifyTarget("slack", "slack://${AFTERSHOCK_SLACK_TOKEN}@data" + api),
        NotifyTarget("hook", "slack-webhook://${AFTERSHOCK_SLACK_WEBHOOK}" + api),
        NotifyTarget("on-call", "pagerduty://${AFTERSHOCK_PAGERDUTY_KEY}" + api),
        NotifyTarget(
            "json",
            f"json://bot:${{AFTERSHOCK_PASSWORD}}@localhost:{stage.port}/${{AFTERSHOCK_WORKFLOW}}/?sig=${{AFTERSHOCK_SIGNATURE}}&+X=${{AFTERSHOCK_PASSWORD}}",
        ),
        NotifyTarget("form", f"form://${{AFTERSHOCK_PASSWORD}}:${{AFTERSHOCK_SIGNATURE}}@localhost:{stage.port}/"),
        NotifyTarget("teams", f"workflows://localhost:{stage.port}/${{AFTERSHOCK_WORKFLOW}}/${{AFTERSHOCK_SIGNATURE}}"),
        NotifyTarget("mail", f"mailto://bot:${{AFTERSHOCK_PASSWORD}}@localhost:{stage.port}?from=bot@example.com&to=a@example.com&cto=0.2"),
        NotifyTarget("whole", "${AFTERSHOCK_WHOLE}"),
    ]


def environ(stage: Stage) -> dict[str, str]:
    return {**SECRETS, "AFTERSHOCK_WHOLE": f"json://bot:hunter2canary@localhost:{stage.port}/t0ps3cr3tp4th/?sig={SECRETS['AFTERSHOCK_SIGNATURE']}"}


@pytest.mark.parametrize("reply", REPLIES)
def test_nothing_comes_out_while_sending(
    stage: Stage, reply: object, log: Everything, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "READ", 1.0)
    stage.replies = [reply]  # type: ignore[list-item]  # a reply, or what makes one
    ready = prepared([(message(), target) for target in targets(stage)], Policy(), environ(stage))
    deliveries = [one.send(1, earlier=(), now=lambda: NOW, pause=Pauses()) for one in ready]
    printed = capfd.readouterr()
    everything = [
        printed.out,
        printed.err,
        *log.lines,
        msgspec.json.encode(deliveries).decode(),
        repr(deliveries),
        repr(ready),
        str(ready),
        repr(Policy(notify=tuple(targets(stage)))),
    ]
    assert [trace for text in everything for trace in traces(text)] == []
    assert len(stage.seen) >= 6
    assert all(delivery.error.isprintable() and len(delivery.error) <= LONGEST for delivery in deliveries)


def test_the_canaries_did_go_out(stage: Stage) -> None:
    for target in targets(stage):
        sent(message(), target, environ=environ(stage))
    assert set(traces("\n".join(f"{seen.path} {seen.headers} {seen.body.decode()}" for seen in stage.seen))) >= {TOKEN, KEY, HOOK}


def test_nothing_comes_out_where_nobody_answers(stage: Stage, log: Everything) -> None:
    closed = targets(stage)
    port = str(stage.port)
    moved = [msgspec.structs.replace(target, url=target.url.replace(port, "1")) for target in closed]
    deliveries = sent(message(), *moved, environ={name: value.replace(port, "1") for name, value in environ(stage).items()})
    assert {delivery.status for delivery in deliveries} == {"failed"}
    assert [trace for text in (*log.lines, repr(deliveries)) for trace in traces(text)] == []


WRONG = [
    "slack://${AFTERSHOCK_PASSWORD}@data",
    "slack://${AFTERSHOCK_SLACK_TOKEN}@${AFTERSHOCK_PASSWORD}",
    "slack-webhook://${AFTERSHOCK_PASSWORD}",
    "pagerduty://${AFTERSHOCK_SLACK_TOKEN}",
    "pagerduty://${AFTERSHOCK_PAGERDUTY_KEY}?region=mars",
    "nosuch://${AFTERSHOCK_PASSWORD}@${AFTERSHOCK_SLACK_TOKEN}/${AFTERSHOCK_SIGNATURE}",
    "workflows://${AFTERSHOCK_PASSWORD}/${AFTERSHOCK_SLACK_TOKEN}",
    "workflows://localhost/${AFTERSHOCK_PASSWORD}/${AFTERSHOCK_PASSWORD}",
    "tgram://${AFTERSHOCK_SLACK_TOKEN}/1",
    "discord://${AFTERSHOCK_SIGNATURE}",
    "mailto://${AFTERSHOCK_PASSWORD}",
    "json://${AFTERSHOCK_PASSWORD}?cto=${AFTERSHOCK_SIGNATURE}&format=${AFTERSHOCK_SLACK_TOKEN}",
    "${AFTERSHOCK_SLACK_TOKEN}",
    "${AFTERSHOCK_NOSUCH}",
    "${AFTERSHOCK_UNSAFE}",
    "json://${AFTERSHOCK_LINES}@localhost",
    "json://${AFTERSHOCK_ABSENT}:${AFTERSHOCK_PASSWORD}@localhost",
]


@pytest.mark.parametrize("url", WRONG)
def test_errors_name_variables_and_never_their_values(url: str, log: Everything, capfd: pytest.CaptureFixture[str]) -> None:
    more = {
        "AFTERSHOCK_NOSUCH": f"nosuch://{TOKEN}:{PASSWORD}@host".replace(" ", ""),
        "AFTERSHOCK_UNSAFE": f"jsons://bot:hunter2canary@host/t0ps3cr3tp4th?verify=no&sig={KEY}",
        "AFTERSHOCK_LINES": f"{TOKEN}\r\nX-Evil: {KEY}",
    }
    with pytest.raises(ConfigError) as caught:
        sent(message(), NotifyTarget("wrong", url), environ={**SECRETS, **more})
    printed = capfd.readouterr()
    chain: list[BaseException] = [caught.value]
    while chain[-1].__context__ is not None:
        chain.append(chain[-1].__context__)
    said = [text for error in chain for text in (str(error), repr(error), repr(error.args))]
    said += ["".join(traceback.format_exception(caught.value)), printed.out, printed.err, *log.lines]
    assert [trace for text in said for trace in traces(text)] == []
    assert str(caught.value).startswith("notify target wrong: ")


def test_missing_variables_are_named() -> None:
    target = NotifyTarget("a", "json://${AFTERSHOCK_ONE}:${AFTERSHOCK_TWO}@h/${AFTERSHOCK_ONE}/${AFTERSHOCK_THREE}")
    for environ in ({}, {"AFTERSHOCK_ONE": "", "AFTERSHOCK_TWO": " ", "AFTERSHOCK_THREE": "\n"}):
        with pytest.raises(ConfigError, match=r"^notify target a: AFTERSHOCK_ONE, AFTERSHOCK_TWO and AFTERSHOCK_THREE are not set\. Set the environment"):
            resolved(target, environ)
    with pytest.raises(ConfigError, match="AFTERSHOCK_TWO is not set"):
        resolved(target, {"AFTERSHOCK_ONE": "1", "AFTERSHOCK_THREE": "3"})


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\n", "a\x00", "a\tb", "\u202ea", "\x1b[31m", "x" * 9000])
def test_a_value_is_plain_text_on_one_line(value: str) -> None:
    for url in ("json://${AFTERSHOCK_A}@h", "${AFTERSHOCK_A}"):
        with pytest.raises(ConfigError, match=r"AFTERSHOCK_A is not plain text on one line"):
            resolved(NotifyTarget("a", url), {"AFTERSHOCK_A": value})


def test_only_variables_of_ours_are_looked_up() -> None:
    class Watched(dict[str, str]):
        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]  # as Mapping has it
            assert key == "AFTERSHOCK_A"
            return super().get(key, default)

    assert resolved(NotifyTarget("a", "json://${AFTERSHOCK_A}@h/$HOME/${HOME}"), Watched(AFTERSHOCK_A="value")).url == "json://value@h/$HOME/${HOME}"


def test_everything_is_checked_before_anything_is_sent(stage: Stage) -> None:
    good = targets(stage)[0]
    for bad in ("json://${AFTERSHOCK_ABSENT}@h", "nosuch://h", "pagerduty://x"):
        with pytest.raises(AftershockError):
            sent(message(), good, NotifyTarget("bad", bad))
    assert stage.seen == []


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
@example("c4n4ry p@ss/wörd?&=+", "bot:", "")
def test_a_secret_is_found_inside_base64_whatever_stands_around_it(secret: str, before: str, behind: str) -> None:
    encoded = base64.b64encode((before + secret + behind).encode("utf-8", "surrogatepass")).decode()
    cleaned = Cleaner([secret.encode("utf-8", "replace").decode()]).text(encoded)
    assert HIDDEN in cleaned or len(secret.encode("utf-8", "surrogatepass")) < 8


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_a_secret_is_found_as_it_is_written_in_urls_and_programs(secret: str) -> None:
    text = f"<{secret}|{quote(secret, safe='')}|{quote_plus(secret)}|{quote(secret, safe='').lower()}>"
    cleaned = Cleaner([secret]).text(text)
    assert all(form == secret.lower() or form in HIDDEN or form in "<|>" or form not in cleaned.replace(HIDDEN, "") for form in forms(secret) if len(form) > 3)


def test_a_sentence_is_short_printable_and_without_a_full_stop() -> None:
    cleaner = Cleaner(["s3cr3t"])
    assert cleaner.sentence("a\r\n\x1b[31m  b s3cr3t.\u202e ") == f"a [31m b {HIDDEN}"
    assert len(cleaner.sentence("word " * 1000)) <= LONGEST
    assert repr(cleaner) == "Cleaner()"


def test_silence_is_for_what_is_said_within_it_only(log: Everything) -> None:
    talker, other = logging.getLogger("aftershock-talker"), logging.getLogger("aftershock-other")
    with silence("aftershock-talker") as heard:
        talker.debug("inside")
        other.warning("inside too")
    talker.warning("outside")
    other.warning("outside too")
    assert [record.getMessage() for record in heard] == ["inside", "inside too"]
    assert [line.split(" ", 1)[1][:11].strip() for line in log.lines if "outside" in line] == ["outside ()", "outside too"]
    assert not any("inside" in line for line in log.lines)
    assert talker.level == logging.NOTSET
