"""PagerDuty's Events API v2, played by a server on this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from notify_stage import KEY, LOCAL, NOW, SECRETS, Pauses, Reply, as_json, message, resolution, sent, update

from aftershock.errors import ConfigError
from aftershock.model import NotifyTarget, Severity
from aftershock.model.record import Status
from aftershock.notify.pagerduty import event
from aftershock.notify.service import Parcel

if TYPE_CHECKING:
    from notify_stage import Stage

pytestmark = pytest.mark.allow_hosts(LOCAL)

ACCEPTED = as_json({"status": "success", "message": "Event processed", "dedup_key": "6f1c8f0e-uid"}, 202)


def on_call(stage: Stage) -> NotifyTarget:
    return NotifyTarget("on-call", f"pagerduty://${{AFTERSHOCK_PAGERDUTY_KEY}}?api={stage.url}")


def test_one_alert_is_opened_updated_and_resolved(stage: Stage) -> None:
    stage.replies = [ACCEPTED]
    deliveries = [sent(made, on_call(stage))[0] for made in (message(url="https://ci.example.com/runs/1"), update(), resolution())]
    assert stage.paths == ["/v2/enqueue"] * 3
    opened, updated, resolved = (seen.data for seen in stage.seen)
    assert {data["routing_key"] for data in (opened, updated, resolved)} == {KEY}
    assert {data["dedup_key"] for data in (opened, updated, resolved)} == {"6f1c8f0e-uid"}
    assert [data["event_action"] for data in (opened, updated, resolved)] == ["trigger", "trigger", "resolve"]
    assert opened["links"] == [{"href": "https://ci.example.com/runs/1", "text": "INC-12"}]
    assert opened["client_url"] == "https://ci.example.com/runs/1"
    payload = opened["payload"]
    assert (payload["summary"], payload["severity"], payload["timestamp"], payload["class"]) == (message().subject, "error", NOW, "notification")
    assert payload["custom_details"] == {"incident": "INC-12", "severity": "P1", "status": "investigating", "for": "engineers", "text": message().text}
    assert "payload" not in resolved
    assert [delivery.status for delivery in deliveries] == ["sent"] * 3
    assert deliveries[0].handle == {"dedup_key": "6f1c8f0e-uid"}


@pytest.mark.parametrize(
    ("level", "word"), [(Severity.P0, "critical"), (Severity.P1, "error"), (Severity.P2, "warning"), (Severity.P3, "info"), (None, "error")]
)
def test_severities(level: Severity | None, word: str) -> None:
    parcel = Parcel(message(severity=level), NotifyTarget("a", "b"), 1, (), NOW)
    assert event(parcel, KEY)["payload"]["severity"] == word


@pytest.mark.parametrize("status", [status for status in Status if status.is_over])
def test_no_alert_is_opened_again_by_a_late_update(status: Status) -> None:
    assert event(Parcel(update(status=status), NotifyTarget("a", "b"), 1, (), NOW), KEY)["event_action"] == "resolve"


def test_limits(stage: Stage) -> None:
    stage.replies = [ACCEPTED]
    sent(message(subject="x\r\n" + "ü" * 5000, text="\n".join(["\U0001f4a5" * 1000] * 1000), uid="u" * 300), on_call(stage))
    (seen,) = stage.seen
    assert len(seen.data["payload"]["summary"]) == 1024
    assert "\n" not in seen.data["payload"]["summary"]
    assert len(seen.data["dedup_key"]) == 255
    assert len(seen.body) < 512_000
    assert seen.data["payload"]["custom_details"]["text"].endswith("aftershock incident show INC-12")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", 'https://a"b', "x", ""])
def test_links_that_are_none_are_left_out(url: str) -> None:
    made = event(Parcel(message(url=url), NotifyTarget("a", "b"), 1, (), NOW), KEY)
    assert "links" not in made
    assert "client_url" not in made


def test_what_pagerduty_refuses(stage: Stage) -> None:
    stage.replies = [as_json({"status": "invalid event", "message": "Event object is invalid", "errors": [f"'{KEY}' is\r\nno routing key", "x" * 1000]}, 400)]
    (delivery,) = sent(message(), on_call(stage))
    assert delivery.error.startswith("PagerDuty did not accept it (400: '[hidden]' is no routing key; xxx")
    assert len(delivery.error) <= 300
    assert len(stage.seen) == 1


@pytest.mark.parametrize("answer", [Reply(200, "<html>welcome to our proxy"), Reply(200, "[1]"), Reply(400, "")])
def test_answers_that_are_none(stage: Stage, answer: Reply) -> None:
    stage.replies = [answer]
    (delivery,) = sent(message(), on_call(stage))
    assert (delivery.status, delivery.error) == ("failed", f"PagerDuty did not accept it ({answer.status})")


def test_every_try_is_the_same_event(stage: Stage) -> None:
    stage.replies = [Reply(500), Reply(breaks=True), ACCEPTED]
    pauses = Pauses()
    (delivery,) = sent(message(), on_call(stage), pause=pauses)
    assert (delivery.status, delivery.attempts, pauses) == ("sent", 3, [1.0, 4.0])
    assert len({seen.body for seen in stage.seen}) == 1


def test_regions() -> None:
    import aftershock.notify.pagerduty as module

    assert re.fullmatch(r"https://events\.eu\.pagerduty\.com", module.REGIONS["eu"])


WRONG = {
    "pagerduty://${AFTERSHOCK_PASSWORD}": "has no routing key of 32 letters and digits",
    "pagerduty://${AFTERSHOCK_PAGERDUTY_KEY}?region=mars": "has a region that PagerDuty does not have. Use one of: us, eu",
    "pagerduty://${AFTERSHOCK_PAGERDUTY_KEY}?verify=yes": "has an option that pagerduty:// does not know. Known are: region, api",
}


@pytest.mark.parametrize(("url", "said"), WRONG.items())
def test_urls_that_say_no_service_of_pagerduty(url: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sent(message(), NotifyTarget("on-call", url))
    assert said in str(caught.value)
    assert not any(secret in str(caught.value) for secret in SECRETS.values())


def test_what_would_open_an_alert_again_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"takes the postmortem, which would open the alert again\. Leave it out"):
        sent(message(), NotifyTarget("on-call", "pagerduty://${AFTERSHOCK_PAGERDUTY_KEY}", ("notification", "postmortem")))
    with pytest.raises(ConfigError, match="has mentions, which PagerDuty does not know"):
        sent(message(), NotifyTarget("on-call", "pagerduty://${AFTERSHOCK_PAGERDUTY_KEY}", mentions=("here",)))
