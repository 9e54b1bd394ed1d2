"""Slack's Web API and webhooks, played by a server on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from notify_stage import HOOK, LOCAL, NOW, SECRETS, TOKEN, Pauses, Policy, Reply, Slack, as_json, message, resolution, sent, update

from aftershock.errors import ConfigError
from aftershock.model import NotifyTarget, Severity
from aftershock.model.record import Status
from aftershock.notify import pending, resend
from aftershock.notify.slack import MOST_TEXT

if TYPE_CHECKING:
    from notify_stage import Stage

pytestmark = pytest.mark.allow_hosts(LOCAL)


def channel(stage: Stage, name: str = "data-incidents", **more: Any) -> NotifyTarget:  # noqa: ANN401  # whatever fields
    return NotifyTarget("data", f"slack://${{AFTERSHOCK_SLACK_TOKEN}}@{name}?api={stage.url}", **more)


def hook(stage: Stage, **more: Any) -> NotifyTarget:  # noqa: ANN401  # whatever fields
    return NotifyTarget("hook", f"slack-webhook://${{AFTERSHOCK_SLACK_WEBHOOK}}?api={stage.url}", **more)


def test_the_first_message_of_an_incident(stage: Stage) -> None:
    stage.replies = [Slack()]
    (delivery,) = sent(message(), channel(stage))
    (seen,) = stage.seen
    assert seen.path == "/chat.postMessage"
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["content-type"].startswith("application/json")
    assert seen.data["channel"] == "data-incidents"
    assert seen.data["text"] == message().slack
    assert seen.data["blocks"] == json.loads(message().blocks)
    assert seen.data["unfurl_links"] is False
    assert seen.data["link_names"] is False
    assert "thread_ts" not in seen.data
    (state,) = seen.data["attachments"]
    assert state["fallback"] == "INC-12 · P1 · investigating"
    assert delivery.status == "sent"
    assert delivery.handle == {"to": "data-incidents", "channel": "C0DATA", "ts": "1700000000.000100"}
    assert (delivery.number, delivery.document, delivery.target, delivery.at, delivery.attempts, delivery.error) == (1, "notification", "data", NOW, 1, "")


def test_an_update_edits_the_state_of_the_first_message_and_threads_under_it(stage: Stage) -> None:
    slack = Slack()
    stage.replies = [slack]
    target = channel(stage, "#data-incidents")
    first = sent(message(), target)
    second = sent(update(severity=Severity.P2, status=Status.MITIGATED), target, earlier=first)
    sent(resolution(), target, earlier=first + second)
    assert stage.paths == ["/chat.postMessage", "/chat.update", "/chat.postMessage", "/chat.update", "/chat.postMessage"]
    edit, reply, last_edit, last = (seen.data for seen in stage.seen[1:])
    root = first[0].handle["ts"]
    assert (edit["channel"], edit["ts"]) == ("C0DATA", root)
    assert set(edit) == {"channel", "ts", "attachments"}, "Slack keeps text and blocks only where neither is given"
    assert edit["attachments"][0]["fallback"] == "INC-12 · P2 · mitigated"
    assert (reply["channel"], reply["thread_ts"], reply["text"], reply["reply_broadcast"]) == ("C0DATA", root, "*UPDATE: P1*", False)
    assert second[0].handle["ts"] == root
    assert last_edit["attachments"][0]["fallback"] == "INC-12 · P1 · resolved"
    assert last_edit["attachments"][0]["color"] != edit["attachments"][0]["color"]
    assert (last["thread_ts"], last["reply_broadcast"]) == (root, True)
    assert slack.messages[root]["blocks"] == json.loads(message().blocks)


@pytest.mark.parametrize(
    ("made", "loud"), [(update(severity=Severity.P0), True), (update(), False), (message(document="postmortem", status=Status.POSTMORTEM), True)]
)
def test_what_the_whole_channel_sees_of_a_thread(stage: Stage, made: Any, loud: bool) -> None:  # noqa: ANN401, FBT001  # a message
    stage.replies = [Slack()]
    sent(made, channel(stage), earlier=sent(message(), channel(stage)))
    assert stage.seen[-1].data["reply_broadcast"] is loud


def test_a_first_message_that_is_gone_is_posted_anew(stage: Stage) -> None:
    slack = Slack()
    stage.replies = [slack]
    first = sent(message(), channel(stage))
    slack.messages.clear()
    second = sent(update(), channel(stage), earlier=first)
    assert stage.paths[1:] == ["/chat.update", "/chat.postMessage"]
    assert "thread_ts" not in stage.seen[-1].data
    third = sent(resolution(), channel(stage), earlier=first + second)
    assert stage.seen[-1].data["thread_ts"] == second[0].handle["ts"]
    assert third[0].status == "sent"


def test_a_thread_that_is_gone_is_begun_anew(stage: Stage) -> None:
    slack = Slack()
    stage.replies = [slack]
    first = sent(message(), channel(stage))
    stage.replies = [slack, as_json({"ok": False, "error": "cannot_reply_to_message"}), slack]
    (second,) = sent(update(), channel(stage), earlier=first)
    assert [seen.data.get("thread_ts") for seen in stage.seen[1:]] == [None, first[0].handle["ts"], None]
    assert second.status == "sent"


def test_a_state_that_cannot_be_edited_does_not_keep_the_update_back(stage: Stage) -> None:
    slack = Slack()
    stage.replies = [slack]
    first = sent(message(), channel(stage))
    stage.replies = [as_json({"ok": False, "error": "edit_window_closed"}), slack]
    (second,) = sent(update(), channel(stage), earlier=first)
    assert stage.seen[-1].data["thread_ts"] == first[0].handle["ts"]
    assert second.status == "sent"


def test_another_channel_gets_a_first_message_of_its_own(stage: Stage) -> None:
    stage.replies = [Slack()]
    first = sent(message(), channel(stage))
    sent(update(), channel(stage, "other"), earlier=first)
    assert stage.paths == ["/chat.postMessage"] * 2
    assert stage.seen[-1].data["channel"] == "other"


def test_mentions_call_once_and_only_from_the_configuration(stage: Stage) -> None:
    stage.replies = [Slack()]
    target = channel(stage, mentions=("here", "U0ABCDEF", "@S0ABCDEF"))
    first = sent(message(), target)
    sent(update(), target, earlier=first)
    one, _, two = (seen.data for seen in stage.seen)
    assert one["text"].startswith("<!here> <@U0ABCDEF> <!subteam^S0ABCDEF>\n*DATA")
    assert one["blocks"][0]["text"]["text"] == "<!here> <@U0ABCDEF> <!subteam^S0ABCDEF>"
    assert "<" not in json.dumps(two)


def test_limits(stage: Stage) -> None:
    stage.replies = [Slack()]
    blocks = json.dumps([{"type": "divider"}] * 50)
    long = "\n".join(f"line {number} " + "x" * 60 for number in range(1000))
    sent(message(blocks=blocks, slack=long), channel(stage, mentions=("here",)))
    data = stage.seen[0].data
    assert len(data["blocks"]) == 50
    assert "aftershock incident show INC-12" in json.dumps(data["blocks"][-1])
    assert len(data["text"]) <= MOST_TEXT
    assert data["text"].endswith("aftershock incident show INC-12")
    assert len(data["attachments"]) == 1
    for block in data["blocks"]:
        assert len(json.dumps(block.get("text", ""))) < 3000


REFUSALS = {
    "channel_not_found": "Slack answered channel_not_found: it knows no such channel, or the bot is not in it",
    "invalid_auth": "Slack answered invalid_auth: it does not accept the token",
    "msg_too_long": "Slack answered msg_too_long",
}


@pytest.mark.parametrize(("code", "said"), REFUSALS.items())
def test_what_slack_refuses_is_not_tried_again(stage: Stage, code: str, said: str) -> None:
    stage.replies = [as_json({"ok": False, "error": code})]
    pauses = Pauses()
    (delivery,) = sent(message(), channel(stage), pause=pauses)
    assert (delivery.status, delivery.error, delivery.attempts, delivery.handle) == ("failed", said, 1, {})
    assert len(stage.seen) == 1
    assert pauses == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Reply(200, "<html>welcome to our proxy</html>"), "Slack's answer cannot be read; it is unknown whether it arrived"),
        (Reply(200, "[]"), "Slack's answer cannot be read; it is unknown whether it arrived"),
        (as_json({"ok": False, "error": f"<script>{TOKEN}</script>"}), "Slack's answer cannot be read; it is unknown whether it arrived"),
        (as_json({"ok": "yes"}), "Slack's answer cannot be read; it is unknown whether it arrived"),
        (Reply(403, "<html>"), "Slack did not accept it (403)"),
        (Reply(200, breaks=True), "Slack broke off without an answer; it is unknown whether it arrived"),
    ],
)
def test_answers_that_are_none(stage: Stage, answer: Reply, said: str) -> None:
    stage.replies = [answer]
    (delivery,) = sent(message(), channel(stage))
    assert (delivery.status, delivery.error) == ("failed", said)
    assert len(stage.seen) == 1


def test_a_message_that_arrived_without_a_timestamp_is_sent_but_holds_no_thread(stage: Stage) -> None:
    stage.replies = [as_json({"ok": True, "channel": "C0DATA", "ts": "<!channel>"})]
    first = sent(message(), channel(stage))
    assert first[0].status == "sent"
    stage.replies = [Slack()]
    sent(update(), channel(stage), earlier=first)
    assert stage.paths == ["/chat.postMessage"] * 2


def test_too_many_requests_are_waited_for_as_long_as_slack_says(stage: Stage) -> None:
    stage.replies = [Reply(429, "", {"Retry-After": "7"}), as_json({"ok": False, "error": "ratelimited"}), Slack()]
    pauses = Pauses()
    (delivery,) = sent(message(), channel(stage), pause=pauses)
    assert (delivery.status, delivery.attempts, pauses) == ("sent", 3, [7.0, 4.0])
    assert len({seen.data["client_msg_id"] for seen in stage.seen}) == 1, "Slack can tell that it is the same message"


def test_an_answer_that_is_lost_is_not_tried_again_by_itself_but_may_be_resent(stage: Stage) -> None:
    slack = Slack()
    lost = [True]

    def answer(seen: Any) -> Reply:  # noqa: ANN401  # a request
        reply = slack(seen)
        return Reply(breaks=True) if lost.pop() else reply

    stage.replies = [answer]
    failed = sent(message(), channel(stage))
    assert failed[0].error.endswith("it is unknown whether it arrived")
    assert len(slack.messages) == 1
    stage.replies = [slack]
    policy = Policy(notify=(channel(stage),))
    (again,) = resend(pending(failed), [message(markdown="as it reads now")], policy=policy, earlier=failed, environ=SECRETS, now=lambda: NOW, pause=Pauses())
    assert (again.number, again.status) == (1, "sent")
    assert len(slack.messages) == 1, "the same client_msg_id"


def test_a_webhook_posts_and_cannot_thread(stage: Stage) -> None:
    first = sent(message(), hook(stage, mentions=("channel",)))
    sent(update(), hook(stage, mentions=("channel",)), earlier=first)
    assert stage.paths == [f"/services/{HOOK}"] * 2
    assert stage.seen[0].data["text"].startswith("<!channel>\n")
    assert set(stage.seen[1].data) == {"text", "blocks"}
    assert first[0].status == "sent"
    assert first[0].handle == {}


@pytest.mark.parametrize(
    ("answer", "said", "tries"),
    [
        (Reply(400, "invalid_payload"), "Slack answered invalid_payload", 1),
        (Reply(404, "no_service"), "Slack answered no_service: the webhook is gone, or was never there", 1),
        (Reply(403, "<html>"), "Slack did not accept it (403)", 1),
        (Reply(200, "<html>"), "Slack's answer cannot be read; it is unknown whether it arrived", 1),
        (Reply(500, "oops"), "Slack has a failure of its own (500)", 3),
    ],
)
def test_webhooks_that_fail(stage: Stage, answer: Reply, said: str, tries: int) -> None:
    stage.replies = [answer]
    (delivery,) = sent(message(), hook(stage))
    assert (delivery.status, delivery.error, delivery.attempts, len(stage.seen)) == ("failed", said, tries, tries)


@pytest.mark.parametrize("value", [HOOK, f"services/{HOOK}", f"hooks.slack.com/services/{HOOK}", f"https://hooks.slack.com/services/{HOOK}"])
def test_a_webhook_may_be_written_whole_or_in_part(stage: Stage, value: str) -> None:
    assert sent(message(), hook(stage), environ={"AFTERSHOCK_SLACK_WEBHOOK": value})[0].status == "sent"
    assert stage.paths == [f"/services/{HOOK}"]


WRONG = {
    "slack://${AFTERSHOCK_SLACK_TOKEN}": "has no bot token. Write slack://${AFTERSHOCK_SLACK_TOKEN}@channel",
    "slack://${AFTERSHOCK_SLACK_TOKEN}@": "has no channel behind its @",
    "slack://@data": "has no bot token",
    "slack://${AFTERSHOCK_SLACK_TOKEN}@data?api=http://example.com": "has an api that is no https address",
    "slack://${AFTERSHOCK_SLACK_TOKEN}@data?api=https://user:x@example.com": "has an api that is no https address",
    "slack://${AFTERSHOCK_SLACK_TOKEN}@data?api=https://${AFTERSHOCK_WORKFLOW}": "has a variable behind its ?",
    "slack://${AFTERSHOCK_SLACK_TOKEN}@data?apo=x": "has an option that slack:// does not know. Known are: api",
    "slack-webhook://${AFTERSHOCK_PASSWORD}": "is no address of a Slack webhook",
    "slack-webhook://example.com/services/T/B/${AFTERSHOCK_WORKFLOW}": "is no address of a Slack webhook",
    "slack-webhook://${AFTERSHOCK_EVIL}": "is no address of a Slack webhook",
}


@pytest.mark.parametrize(("url", "said"), WRONG.items())
def test_urls_that_say_no_place_in_slack(url: str, said: str) -> None:
    environ = {**SECRETS, "AFTERSHOCK_EVIL": f"https://hooks.slack.com.evil.example/services/{HOOK}"}
    with pytest.raises(ConfigError) as caught:
        sent(message(), NotifyTarget("data", url), environ=environ)
    assert str(caught.value).startswith("notify target data: ")
    assert said in str(caught.value)
    assert not any(secret in str(caught.value) for secret in environ.values())


def test_mentions_that_slack_does_not_know() -> None:
    for mention in ("@anna", "<!channel>", "#data", "S0"):
        with pytest.raises(ConfigError, match="has a mention that Slack does not know"):
            sent(message(), NotifyTarget("data", "slack://${AFTERSHOCK_SLACK_TOKEN}@data", mentions=(mention,)))


def test_without_slack_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "slack_sdk", None)
    with pytest.raises(ConfigError, match=r"needs slack-sdk, which is not installed\. Run pip install 'aftershock\[notify\]'"):
        sent(message(), NotifyTarget("data", "slack://${AFTERSHOCK_SLACK_TOKEN}@data"))
