"""What goes where, what is still worth sending, and that nothing is sent twice."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify_stage import GROWTH, LOCAL, NOW, SECRETS, Pauses, Reply, Slack, message, resolution, sent, update

import aftershock.notify
from aftershock.model import NotifyTarget, Owner, Policy, Severity
from aftershock.model.record import Delivery
from aftershock.notify import arrived, key_of, pending, prepared, resend, send, targets_for

if TYPE_CHECKING:
    from notify_stage import Stage

    from aftershock.model.message import Message

pytestmark = pytest.mark.allow_hosts(LOCAL)


def slack(stage: Stage, name: str = "data", **more: Any) -> NotifyTarget:  # noqa: ANN401  # whatever fields
    return NotifyTarget(name, f"slack://${{AFTERSHOCK_SLACK_TOKEN}}@{name}?api={stage.url}", **more)


def names(policy: Policy, made: Message, *earlier: Delivery) -> list[str]:
    return [target.name for target in targets_for(policy, made, earlier=earlier)]


def test_documents_severity_and_audience_choose_the_targets() -> None:
    policy = Policy(
        notify=(
            NotifyTarget("all", "json://a"),
            NotifyTarget("severe", "json://b", severity=Severity.P1),
            NotifyTarget("postmortems", "json://c", documents=("postmortem",)),
            NotifyTarget("owners", "json://d", audience="owners"),
        )
    )
    assert names(policy, message()) == ["all", "severe"]
    assert names(policy, message(severity=Severity.P0)) == ["all", "severe"]
    assert names(policy, message(severity=Severity.P2)) == ["all"]
    assert names(policy, message(severity=None)) == ["all", "severe"], "what nobody has assessed may be severe"
    assert names(policy, message(document="postmortem")) == ["postmortems"]
    assert names(policy, message(document="checklist")) == []
    assert names(policy, message(audience="owners", recipient=GROWTH)) == ["owners"]


def test_who_was_told_is_told_how_it_goes_on() -> None:
    policy = Policy(notify=(NotifyTarget("severe", "json://b", severity=Severity.P1),))
    told = Delivery(1, "notification", "severe", "sent", NOW)
    assert names(policy, resolution(severity=Severity.P3)) == []
    assert names(policy, resolution(severity=Severity.P3), msgspec.structs.replace(told, status="failed")) == []
    assert names(policy, resolution(severity=Severity.P3), told) == ["severe"]


def test_one_delivery_for_each_message_and_target_in_order(stage: Stage) -> None:
    stage.replies = [Slack()]
    kept: list[Delivery] = []
    made = [message(audience="owners", recipient=GROWTH), message(audience="owners", recipient=Owner("Finance"))]
    targets = [slack(stage, "one", audience="owners"), slack(stage, "two", audience="owners")]
    deliveries = sent(made, *targets, first_number=7, keep=kept.append)
    assert [(delivery.number, delivery.target, delivery.recipient, delivery.audience) for delivery in deliveries] == [
        (7, "one", "Growth <growth@example.com> @growth", "owners"),
        (8, "two", "Growth <growth@example.com> @growth", "owners"),
        (9, "one", "Finance", "owners"),
        (10, "two", "Finance", "owners"),
    ]
    assert kept == list(deliveries)
    assert [seen.data["channel"] for seen in stage.seen] == ["one", "two", "one", "two"]


def test_each_reader_has_a_thread_of_its_own(stage: Stage) -> None:
    stage.replies = [Slack()]
    readers = [GROWTH, Owner("Finance")]
    target = slack(stage, audience="owners")
    first = sent([message(audience="owners", recipient=reader) for reader in readers], target)
    sent([update(audience="owners", recipient=reader) for reader in readers], target, earlier=first)
    assert [seen.data["thread_ts"] for seen in stage.seen if "thread_ts" in seen.data] == [delivery.handle["ts"] for delivery in first]


def test_a_delivery_is_kept_before_the_next_one_begins(stage: Stage) -> None:
    kept: list[Delivery] = []
    known: list[int] = []
    slack_ = Slack()

    def answer(seen: Any) -> Reply:  # noqa: ANN401  # a request
        known.append(len(kept))
        return slack_(seen)

    stage.replies = [answer]
    sent([message(), update()], slack(stage, "one"), slack(stage, "two"), keep=kept.append)
    assert known == [0, 1, 2, 2, 3, 3], "an update edits, then replies"


def test_an_interruption_forgets_nothing_that_was_sent(stage: Stage) -> None:
    kept: list[Delivery] = []
    stage.replies = [Slack(), Reply(500)]

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sent(message(), slack(stage, "one"), slack(stage, "two"), keep=kept.append, pause=interrupted)
    assert [(delivery.target, delivery.status) for delivery in kept] == [("one", "sent")]


def test_the_same_words_are_not_sent_twice(stage: Stage) -> None:
    stage.replies = [Slack()]
    first = sent(message(), slack(stage))
    assert sent(message(), slack(stage), earlier=first) == ()
    assert arrived(first, message(), slack(stage))
    assert len(sent(message(markdown="other words"), slack(stage), earlier=first)) == 1
    assert len(sent(message(), slack(stage, "second"), earlier=first)) == 1


def test_the_key_is_that_of_what_is_said_and_to_whom() -> None:
    assert key_of(message()) == key_of(message(html="x", slack="y", blocks="[]"))
    changes: list[dict[str, Any]] = [
        {"uid": "x"}, {"document": "update"}, {"audience": "owners"}, {"recipient": GROWTH}, {"subject": "x"}, {"markdown": "x"}, {"markdown": "\ud800"},
    ]  # fmt: skip
    assert len({key_of(message(**change)) for change in changes} | {key_of(message())}) == 8


def retried(failed: tuple[Delivery, ...], made: list[Message], policy: Policy, *earlier: Delivery, pause: Pauses | None = None) -> tuple[Delivery, ...]:
    return resend(failed, made, policy=policy, earlier=earlier, environ=SECRETS, now=lambda: NOW, pause=pause or Pauses())


def test_resend_sends_what_failed_and_nothing_else(stage: Stage, other_stage: Stage) -> None:
    slack_ = Slack()
    stage.replies, other_stage.replies = [slack_], [Reply(500)]
    targets = (slack(stage, "works"), NotifyTarget("fails", f"pagerduty://${{AFTERSHOCK_PAGERDUTY_KEY}}?api={other_stage.url}"))
    policy = Policy(notify=targets)
    first = sent(message(), *targets)
    assert [delivery.status for delivery in first] == ["sent", "failed"]
    assert [delivery.number for delivery in pending(first)] == [2]

    second = retried(pending(first), [message(markdown="as it reads now")], policy, *first)
    assert [(delivery.number, delivery.status) for delivery in second] == [(2, "failed")]
    assert pending(first + second) == second

    other_stage.replies = [Reply(202, "{}")]
    third = retried(pending(first + second), [message(markdown="later")], policy, *first, *second)
    assert [(delivery.number, delivery.status, delivery.attempts) for delivery in third] == [(2, "sent", 1)]
    assert pending(first + second + third) == ()
    assert len(stage.seen) == 1
    assert len(other_stage.seen) == 7
    assert retried(first[1:], [message(markdown="later")], policy, *first, *second, *third) == (), "even if asked for it"
    assert len(other_stage.seen) == 7


def test_what_lost_its_target_or_its_reader_says_so(stage: Stage) -> None:
    stage.replies = [Reply(500)]
    kept: list[Delivery] = []
    target = slack(stage, audience="owners")
    failed = sent([message(audience="owners", recipient=GROWTH)], target)
    (gone,) = resend(failed, [message(audience="owners", recipient=GROWTH)], policy=Policy(), earlier=failed, environ={}, now=lambda: NOW, keep=kept.append)
    assert (gone.number, gone.status, gone.attempts, gone.error) == (1, "failed", 0, "aftershock.yml has no target of this name any more")
    (nobody,) = retried(failed, [message(audience="owners", recipient=Owner("Finance"))], Policy(notify=(target,)), *failed)
    assert nobody.error == "nobody of this name is told any more as one of the owners"
    assert kept == [gone]


def delivery(number: int, document: str, status: str = "failed", target: str = "a", recipient: str = "") -> Delivery:
    return Delivery(number, document, target, status, NOW, recipient=recipient)  # type: ignore[arg-type]  # words


STILL = [
    ([delivery(1, "notification")], [1]),
    ([delivery(1, "notification", "sent")], []),
    ([delivery(1, "notification"), delivery(1, "notification", "sent")], []),
    ([delivery(1, "notification"), delivery(2, "update")], [1, 2]),
    ([delivery(1, "notification"), delivery(2, "update", "sent")], []),
    ([delivery(1, "notification"), delivery(2, "update", "sent", target="b")], [1]),
    ([delivery(1, "notification"), delivery(2, "update", "sent", recipient="x")], [1]),
    ([delivery(1, "notification", "sent"), delivery(2, "update"), delivery(3, "update")], [3]),
    ([delivery(1, "notification"), delivery(2, "update"), delivery(3, "resolution")], [3]),
    ([delivery(1, "notification", "sent"), delivery(2, "resolution"), delivery(3, "update")], [3]),
    ([delivery(1, "notification", "sent"), delivery(2, "resolution"), delivery(3, "update", "sent")], []),
    ([delivery(1, "checklist"), delivery(2, "update", "sent")], [1]),
    ([delivery(1, "checklist"), delivery(2, "checklist", "sent")], []),
    ([delivery(1, "postmortem"), delivery(2, "update", "sent"), delivery(3, "postmortem")], [3]),
    ([delivery(2, "update"), delivery(1, "notification")], [1, 2]),
]


@pytest.mark.parametrize(("deliveries", "numbers"), STILL)
def test_what_is_still_worth_sending(deliveries: list[Delivery], numbers: list[int]) -> None:
    assert [found.number for found in pending(deliveries)] == numbers


DELIVERIES = st.lists(
    st.builds(
        delivery,
        st.integers(1, 6),
        st.sampled_from(["notification", "update", "resolution", "postmortem", "checklist"]),
        st.sampled_from(["sent", "failed"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["", "x"]),
    )
)


@given(DELIVERIES)
def test_what_is_worth_sending_failed_and_is_nobodys_second_message(deliveries: list[Delivery]) -> None:
    found = pending(deliveries)
    last = {one.number: one for one in deliveries}
    assert all(one.status == "failed" and last[one.number] == one for one in found)
    assert [one.number for one in found] == sorted({one.number for one in found})
    assert len({(one.target, one.recipient, one.document) for one in found}) == len(found)
    for reader in {(one.target, one.recipient) for one in deliveries}:
        mine = [one for one in found if (one.target, one.recipient) == reader]
        live = [one.document for one in mine if one.document in {"notification", "update", "resolution"}]
        assert live in ([], ["notification"], ["update"], ["resolution"], ["notification", "update"], ["update", "notification"]), live


@given(DELIVERIES)
def test_the_newest_failure_of_a_reader_is_never_forgotten(deliveries: list[Delivery]) -> None:
    last = {one.number: one for one in deliveries}
    for reader in {(one.target, one.recipient) for one in last.values()}:
        newest = max((one for one in last.values() if (one.target, one.recipient) == reader), key=lambda one: one.number)
        assert newest.status == "sent" or newest in pending(deliveries)


def test_nothing_heavy_is_imported_before_something_is_sent() -> None:
    code = "import sys, aftershock.notify, aftershock.config; print(sorted({'apprise', 'slack_sdk', 'requests', 'yaml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_nothing_else_reaches_the_network() -> None:
    reaching = re.compile(
        r"^\s*(?:import|from) (?:urllib\.request|http\b|socket|requests|apprise|slack_sdk|smtplib)|^\s*from urllib import .*request", re.MULTILINE
    )
    root = Path(aftershock.notify.__file__).parents[1]
    found = {file.relative_to(root).parts[0] for file in root.rglob("*.py") if reaching.search(file.read_text(encoding="utf-8"))}
    assert found == {"notify"}


def test_a_message_prepared_shows_nothing(stage: Stage) -> None:
    (ready,) = prepared([(message(), slack(stage))], Policy(), SECRETS)
    assert "xoxb" not in repr(ready)
    stage.replies = [Slack()]
    assert ready.send(3, earlier=(), now=lambda: NOW).number == 3
    assert send([], [], policy=Policy(), earlier=(), environ={}, first_number=1, now=lambda: NOW) == ()
