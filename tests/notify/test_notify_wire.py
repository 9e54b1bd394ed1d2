"""Requests: failures of every kind, tries that are bounded, and nothing followed to another place."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from notify_stage import LOCAL, Pauses, Reply, Slack, Stage, as_json, message, playing, sent, update

from aftershock.model import NotifyTarget
from aftershock.notify import wire
from aftershock.notify.tries import LONGEST_WAIT, MOST_TRIES, WHOLE, Failure, Patience, within

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.allow_hosts(LOCAL)

ACCEPTED = as_json({"status": "success"}, 202)


def slack(url: str) -> NotifyTarget:
    return NotifyTarget("data", f"slack://${{AFTERSHOCK_SLACK_TOKEN}}@data?api={url}")


def pagerduty(url: str) -> NotifyTarget:
    return NotifyTarget("on-call", f"pagerduty://${{AFTERSHOCK_PAGERDUTY_KEY}}?api={url}")


def hook(url: str) -> NotifyTarget:
    return NotifyTarget("hook", f"slack-webhook://${{AFTERSHOCK_SLACK_WEBHOOK}}?api={url}")


TARGETS = [slack, pagerduty, hook]


@pytest.mark.parametrize("target", TARGETS)
def test_a_failure_for_ever_is_tried_three_times(stage: Stage, target: Callable[[str], NotifyTarget]) -> None:
    stage.replies = [Reply(503, "down for maintenance")]
    pauses = Pauses()
    (delivery,) = sent(message(), target(stage.url), pause=pauses)
    assert len(stage.seen) == delivery.attempts == MOST_TRIES
    assert pauses == [1.0, 4.0]
    assert delivery.status == "failed"
    assert delivery.error.endswith("has a failure of its own (503)")


@pytest.mark.parametrize(("target", "success"), [(slack, Slack()), (pagerduty, ACCEPTED), (hook, Reply(200, "ok"))])
def test_a_failure_that_passes(stage: Stage, target: Callable[[str], NotifyTarget], success: Reply) -> None:
    stage.replies = [Reply(500), Reply(502), success]
    (delivery,) = sent(message(), target(stage.url))
    assert (delivery.status, delivery.attempts, len(stage.seen)) == ("sent", 3, 3)


@pytest.mark.parametrize("target", TARGETS)
def test_waiting_is_bounded(stage: Stage, target: Callable[[str], NotifyTarget]) -> None:
    stage.replies = [Reply(429, "", {"Retry-After": "30"})]
    pauses = Pauses()
    (delivery,) = sent(message(), target(stage.url), pause=pauses)
    assert pauses == [30.0]
    assert len(stage.seen) == 2
    assert delivery.error.endswith("takes no more messages at present (429); to try again it would have to wait 30 seconds, which is too long")
    stage.replies = [Reply(429, "", {"Retry-After": "3600"})]
    (delivery,) = sent(message(), target(stage.url), pause=pauses)
    assert len(stage.seen) == 3
    assert pauses == [30.0]
    assert "it would have to wait 3,600 seconds" in delivery.error


@pytest.mark.parametrize("after", ["", "soon", "-5", "Wed, 21 Oct 2026 07:28:00 GMT", "nan", "1e9"])
def test_waits_that_are_none(stage: Stage, after: str) -> None:
    stage.replies = [Reply(429, "", {"Retry-After": after}), ACCEPTED]
    pauses = Pauses()
    assert sent(message(), pagerduty(stage.url), pause=pauses)[0].status == "sent"
    assert pauses == [1.0]


@pytest.mark.parametrize("target", TARGETS)
def test_nobody_there(target: Callable[[str], NotifyTarget]) -> None:
    with playing() as gone:
        url = gone.url
    pauses = Pauses()
    (delivery,) = sent(message(), target(url), pause=pauses)
    assert delivery.error.endswith("cannot be reached (Connection refused)")
    assert delivery.attempts == MOST_TRIES
    assert pauses == [1.0, 4.0]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(stage: Stage, other_stage: Stage, target: Callable[[str], NotifyTarget], status: int) -> None:
    stage.replies = [Reply(status, "", {"Location": f"{other_stage.url}/elsewhere"})]
    (delivery,) = sent(message(), target(stage.url))
    assert f"answered with a redirect ({status}), which is not followed" in delivery.error
    assert other_stage.seen == []
    assert len(stage.seen) == 1


@pytest.mark.parametrize("target", TARGETS)
def test_a_certificate_that_nobody_vouches_for(secure_stage: Stage, target: Callable[[str], NotifyTarget]) -> None:
    pauses = Pauses()
    (delivery,) = sent(message(), target(secure_stage.url), pause=pauses)
    assert delivery.error.endswith("certificate is not to be trusted (self-signed certificate)")
    assert delivery.attempts == 1
    assert secure_stage.seen == []
    assert pauses == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("target", TARGETS)
def test_another_servers_certificate(misnamed_stage: Stage, target: Callable[[str], NotifyTarget]) -> None:
    (delivery,) = sent(message(), target(misnamed_stage.url))
    assert "certificate is not to be trusted (Hostname mismatch" in delivery.error
    assert misnamed_stage.seen == []


@pytest.mark.usefixtures("trusted")
def test_a_secure_connection(secure_stage: Stage) -> None:
    secure_stage.replies = [ACCEPTED]
    assert sent(message(), pagerduty(secure_stage.url))[0].status == "sent"
    assert secure_stage.paths == ["/v2/enqueue"]


def test_a_server_without_tls_where_there_should_be_some(stage: Stage) -> None:
    (delivery,) = sent(message(), pagerduty(stage.url.replace("http:", "https:")))
    assert "no secure connection to PagerDuty is possible" in delivery.error


@pytest.mark.parametrize(
    ("target", "tries", "said"), [(slack, 1, "; it is unknown whether it arrived"), (hook, 1, "; it is unknown whether it arrived"), (pagerduty, 3, "")]
)
def test_an_answer_that_does_not_come(stage: Stage, monkeypatch: pytest.MonkeyPatch, target: Callable[[str], NotifyTarget], tries: int, said: str) -> None:
    monkeypatch.setattr(wire, "READ", 0.2)
    stage.replies = [Reply(200, "ok", stall=0.6)]
    (delivery,) = sent(message(), target(stage.url))
    assert delivery.error.endswith(f"did not answer within 0 seconds{said}")
    assert delivery.attempts == tries
    assert len(stage.seen) == tries


@pytest.mark.parametrize(("target", "tries"), [(slack, 1), (hook, 1), (pagerduty, 3)])
def test_an_answer_of_which_only_the_head_comes(stage: Stage, monkeypatch: pytest.MonkeyPatch, target: Callable[[str], NotifyTarget], tries: int) -> None:
    monkeypatch.setattr(wire, "READ", 0.2)
    stage.replies = [Reply(200, "ok", late=0.6)]
    (delivery,) = sent(message(), target(stage.url))
    assert (delivery.status, delivery.attempts) == ("failed", tries)
    assert "did not answer" in delivery.error


def test_an_answer_that_is_cut_off(stage: Stage) -> None:
    stage.replies = [Reply(200, '{"ok": tr')]
    (delivery,) = sent(message(), slack(stage.url))
    assert delivery.error == "Slack's answer cannot be read; it is unknown whether it arrived"


def test_a_proxy_of_the_environment_is_used_and_passed_by(stage: Stage, other_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.replies = other_stage.replies = [ACCEPTED]
    monkeypatch.setenv("http_proxy", other_stage.url)
    sent(message(), pagerduty(stage.url))
    assert other_stage.paths == [f"{stage.url}/v2/enqueue"]
    monkeypatch.setenv("no_proxy", "localhost")
    for target in (pagerduty, slack):
        sent(message(), target(stage.url))
    assert len(stage.seen) == 2
    assert len(other_stage.seen) == 1


def test_one_target_that_fails_does_not_keep_the_others_waiting_for_ever(stage: Stage) -> None:
    stage.replies = [ACCEPTED]
    with playing() as gone:
        url = gone.url
    deliveries = sent([message(), update()], pagerduty(url), NotifyTarget("second", pagerduty(stage.url).url))
    assert [(delivery.number, delivery.target, delivery.document, delivery.status) for delivery in deliveries] == [
        (1, "on-call", "notification", "failed"),
        (2, "second", "notification", "sent"),
        (3, "on-call", "update", "failed"),
        (4, "second", "update", "sent"),
    ]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_time_of_one_delivery_is_bounded() -> None:
    clock, pauses, tries = Clock(), Pauses(), []

    def slow() -> str:
        tries.append(clock.now)
        clock.now += 40
        raise Failure("slow", again=True)

    patience: Patience[str] = Patience(pauses, clock)
    with pytest.raises(Failure, match="slow"):
        patience.until_done(slow)
    assert tries == [0.0, 40.0]
    assert sum(pauses) + clock.now >= WHOLE
    with pytest.raises(Failure, match="it took longer than 60 seconds"):
        patience.until_done(lambda: "never asked")


def test_no_wait_is_longer_than_it_may_be() -> None:
    for wait, allowed in ((LONGEST_WAIT, True), (LONGEST_WAIT + 0.1, False)):
        pauses = Pauses()

        def busy(wait: float = wait) -> str:
            raise Failure("busy", again=True, wait=wait)

        with pytest.raises(Failure):
            Patience[str](pauses).until_done(busy)
        assert (pauses == [wait]) is allowed


def test_a_try_that_hangs_is_left_to_itself() -> None:
    release = threading.Event()
    began = time.monotonic()
    with pytest.raises(Failure, match="unknown whether it arrived") as caught:
        within(0.1, release.wait)
    assert time.monotonic() - began < 2
    assert caught.value.lost
    assert not caught.value.again
    release.set()


def test_an_error_of_a_try_is_its_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
