"""Slack: a bot's messages, of which the first of an incident shows its state and holds the thread; and incoming webhooks, which can only post."""

from __future__ import annotations

import importlib.util
import re
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from aftershock.model import Severity
from aftershock.notify import wire
from aftershock.notify.clean import silence
from aftershock.notify.service import Parcel, Service, shortened
from aftershock.notify.tries import UNKNOWN, Failure, Patience

if TYPE_CHECKING:
    from slack_sdk.web import SlackResponse

    from aftershock.model import NotifyTarget
    from aftershock.notify.address import Address

SCHEME, WEBHOOK_SCHEME = "slack", "slack-webhook"
SERVICE = "Slack"
MOST_BLOCKS, MOST_TEXT = 50, 4000
API = "https://slack.com/api"
HOOKS = {"hooks.slack.com": "https://hooks.slack.com", "hooks.slack-gov.com": "https://hooks.slack-gov.com"}
COLOURS = {Severity.P0: "#b3261e", Severity.P1: "#d9730d", Severity.P2: "#c9a400", Severity.P3: "#3b78c4"}
OVER, UNASSESSED = "#2e7d32", "#777777"
GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message", "invalid_thread_ts"})
"""Errors that say that the first message is not there any more, or cannot be answered."""
BUSY = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited"})
MEANINGS = {
    "channel_not_found": "it knows no such channel, or the bot is not in it",
    "not_in_channel": "the bot is not in the channel; invite it there",
    "is_archived": "the channel is archived",
    "channel_is_archived": "the channel is archived",
    "invalid_auth": "it does not accept the token",
    "not_authed": "it does not accept the token",
    "account_inactive": "it does not accept the token any more",
    "token_revoked": "it does not accept the token any more",
    "token_expired": "it does not accept the token any more",
    "missing_scope": "the token lacks the scope chat:write",
    "no_service": "the webhook is gone, or was never there",
    "invalid_token": "the webhook is gone, or was never there",
    "action_prohibited": "an administrator has forbidden it",
    "restricted_action": "an administrator has forbidden it",
}
_TOKEN = re.compile(r"^[A-Za-z0-9._-]{10,}$")
_CHANNEL = re.compile(r"^#?([^\s#@<>&/?%]{1,80})$")
_HOOK = re.compile(r"^/?((?:services|workflows|triggers)/)?([A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+){1,6})$")
_CODE = re.compile(r"^[a-z_]{2,60}$")
_TS = re.compile(r"^\d{1,20}\.\d{1,20}$")
_REFUSED = 400
_ID = re.compile(r"^[A-Z0-9]{2,30}$")
_MENTION = re.compile(r"^@?(?:(?P<all>here|channel|everyone)|(?P<user>[UW][A-Z0-9]{5,})|(?P<group>S[A-Z0-9]{5,}))$")


def opened(address: Address, target: NotifyTarget) -> Service:
    """The service of ``slack://<bot token>@<channel>``.

    Raises:
        ConfigError: the token, the channel, an option or a mention is none; or slack-sdk is not installed.
    """
    from urllib.parse import unquote

    base = address.base(address.options(("api",)).get("api", ""), API)
    token, at, place = address.rest.partition("?")[0].rstrip("/").rpartition("@")
    channel, token = _CHANNEL.match(unquote(place)), unquote(token)
    if not at or not _TOKEN.match(token):
        raise address.error("has no bot token", "Write slack://${AFTERSHOCK_SLACK_TOKEN}@channel; the token begins with xoxb-")
    if channel is None:
        raise address.error("has no channel behind its @", "Write a channel's name, or better its id, as in slack://${AFTERSHOCK_SLACK_TOKEN}@C0123456789")
    called = _mentions(address, target)
    client = _client(address, token, base)
    return lambda parcel, patience: _deliver(_Room(client, channel[1], called), parcel, patience)


def opened_webhook(address: Address, target: NotifyTarget) -> Service:
    """The service of ``slack-webhook://<the webhook's address, or what follows /services/ in it>``.

    Raises:
        ConfigError: it is no address of a webhook, or an option or a mention is none.
    """
    from urllib.parse import unquote, urlsplit

    if address.scheme == WEBHOOK_SCHEME:
        given, options = unquote(address.rest.partition("?")[0]), address.options(("api",))
    else:
        given, options = address.url, {}
    parts = urlsplit(given) if "://" in given else urlsplit(f"https://hooks.slack.com/{given.removeprefix('hooks.slack.com/')}")
    path = _HOOK.match(parts.path)
    if parts.scheme != "https" or parts.netloc not in HOOKS or path is None or parts.query:
        raise address.error("is no address of a Slack webhook", "Set the variable to all of it: https://hooks.slack.com/services/…")
    url = f"{address.base(options.get('api', ''), HOOKS[parts.netloc])}/{path[1] or 'services/'}{path[2]}"
    called = _mentions(address, target)

    def deliver(parcel: Parcel, patience: Patience[dict[str, str]]) -> dict[str, str]:
        content = _content(parcel, called if not parcel.before else "")
        return patience.until_done(lambda: _hooked(url, content))

    return deliver


class _Room(NamedTuple):
    """A channel, the client that posts there, and what calls people."""

    client: Any
    channel: str
    called: str


def _deliver(room: _Room, parcel: Parcel, patience: Patience[dict[str, str]]) -> dict[str, str]:
    """Post the first message, or bring it up to date and answer it; where it is gone, post a new first one."""
    first = _first(parcel, room.channel)
    if first is None:
        return _post_first(room, parcel, patience)
    try:
        patience.until_done(lambda: _call(room.client.chat_update, channel=first["channel"], ts=first["ts"], attachments=state(parcel)))
    except Failure as failure:
        if failure.code in GONE:
            return _post_first(room, parcel, patience)
    loud = parcel.message.document in {"resolution", "postmortem"} or parcel.message.severity is Severity.P0
    try:
        return _post(room, parcel, patience, channel=first["channel"], thread_ts=first["ts"], reply_broadcast=loud, **_content(parcel, "")) | {
            "channel": first["channel"],
            "ts": first["ts"],
        }
    except Failure as failure:
        if failure.code not in GONE:
            raise
    return _post_first(room, parcel, patience)


def _first(parcel: Parcel, channel: str) -> dict[str, str] | None:
    """The handle of the message that holds the thread, if it was posted to this channel."""
    for delivery in reversed(parcel.before):
        handle = delivery.handle
        if handle.get("to") == channel and _ID.match(handle.get("channel", "")) and _TS.match(handle.get("ts", "")):
            return handle
    return None


def _post_first(room: _Room, parcel: Parcel, patience: Patience[dict[str, str]]) -> dict[str, str]:
    return _post(room, parcel, patience, channel=room.channel, attachments=state(parcel), **_content(parcel, room.called))


def _post(room: _Room, parcel: Parcel, patience: Patience[dict[str, str]], **content: Any) -> dict[str, str]:  # noqa: ANN401  # Slack's arguments
    """Post, and return the handle. ``client_msg_id`` lets Slack drop a repetition of what arrived without our learning of it."""
    same = f"aftershock {parcel.message.uid} {parcel.number} {parcel.target.name} {parcel.recipient} {'reply' if 'thread_ts' in content else 'first'}"
    known = {"client_msg_id": str(uuid.uuid5(uuid.NAMESPACE_URL, same)), "unfurl_links": False, "unfurl_media": False, "parse": "none", "link_names": False}
    answer = patience.until_done(lambda: _call(room.client.chat_postMessage, **known, **content))
    return {"to": room.channel, **answer}


def _call(method: Any, **content: Any) -> dict[str, str]:  # noqa: ANN401  # slack-sdk is optional
    """One call of Slack's Web API: channel and timestamp of the message, where the answer has them."""
    answer = method(**content)
    if answer.status_code >= _REFUSED and not answer.data:
        raise Failure(f"{SERVICE} did not accept it ({answer.status_code})")
    if answer.get("ok") is not True:
        raise _refused(answer.get("error"))
    found = {"channel": str(answer.get("channel", "")), "ts": str(answer.get("ts", ""))}
    return found if _ID.match(found["channel"]) and _TS.match(found["ts"]) else {}


def _refused(error: object) -> Failure:
    """Why Slack did not do it."""
    if not isinstance(error, str) or not _CODE.match(error):
        return Failure(f"{SERVICE}'s answer cannot be read; {UNKNOWN}", lost=True)
    return Failure(f"{SERVICE} answered {error}{': ' + MEANINGS[error] if error in MEANINGS else ''}", again=error in BUSY, code=error)


def _hooked(url: str, content: dict[str, Any]) -> dict[str, str]:
    answer = wire.post(url, msgspec.json.encode(content), service=SERVICE, idempotent=False)
    said = answer.text.strip()
    if answer.status == 200 and said == "ok":  # noqa: PLR2004  # success
        return {}
    if answer.status < 300:  # noqa: PLR2004  # the class of success
        raise Failure(f"{SERVICE}'s answer cannot be read; {UNKNOWN}", lost=True)
    raise _refused(said) if _CODE.match(said) else Failure(f"{SERVICE} did not accept it ({answer.status})")


def _content(parcel: Parcel, called: str) -> dict[str, Any]:
    """The message itself, within Slack's limits. ``called`` is what calls people, from the configuration and nowhere else."""
    message = parcel.message
    blocks: list[Any] = msgspec.json.decode(message.blocks) if message.blocks else []
    if called:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": called}}, *blocks]
    if len(blocks) > MOST_BLOCKS:
        rest = {"type": "context", "elements": [{"type": "plain_text", "text": f"The rest is left out here: aftershock incident show {message.incident}"}]}
        blocks = [*blocks[: MOST_BLOCKS - 1], rest]
    return {"text": shortened(f"{called}\n{message.slack}".strip(), MOST_TEXT, message.incident), "blocks": blocks}


def state(parcel: Parcel) -> list[dict[str, Any]]:
    """The coloured line below the first message: where the incident stands now. Slack keeps the message itself where only this is replaced."""
    message = parcel.message
    level = message.severity.value if message.severity else "not assessed"
    colour = OVER if message.status.is_over else COLOURS[message.severity] if message.severity else UNASSESSED
    said = f"{message.incident} · {level} · {message.status.value}"
    text = f"{said} · {message.document} of {parcel.at[:16].replace('T', ' ')} UTC"
    return [{"color": colour, "fallback": said, "blocks": [{"type": "context", "elements": [{"type": "plain_text", "text": text}]}]}]


def _mentions(address: Address, target: NotifyTarget) -> str:
    """What Slack reads as calls of the people that a target mentions."""
    calls = []
    for mention in target.mentions:
        found = _MENTION.match(mention)
        if found is None:
            raise address.error("has a mention that Slack does not know", "Write the id of a user (U…) or of a user group (S…), here, channel or everyone")
        calls.append(f"<!{found['all']}>" if found["all"] else f"<@{found['user']}>" if found["user"] else f"<!subteam^{found['group']}>")
    return " ".join(calls)


def _client(address: Address, token: str, base: str) -> Any:  # noqa: ANN401  # slack-sdk is optional
    """slack-sdk's client on our own wire: its own would follow redirects with the token, pass by NO_PROXY and write to logs."""
    if importlib.util.find_spec("slack_sdk") is None:
        raise address.error("needs slack-sdk, which is not installed", "Run pip install 'aftershock[notify]'")
    from slack_sdk import WebClient
    from slack_sdk.web import SlackResponse as Response

    class Client(WebClient):
        """Every method of slack-sdk's client ends in this call."""

        def api_call(self, api_method: str, *, json: dict[str, Any] | None = None, **_: Any) -> SlackResponse:  # noqa: ANN401  # only what is used
            url = f"{base}/{api_method}"
            answer = wire.post(
                url, msgspec.json.encode(json or {}), {"Authorization": f"Bearer {token}"}, service=SERVICE, idempotent=api_method == "chat.update"
            )
            return Response(client=self, http_verb="POST", api_url=url, req_args={}, data=answer.data(), headers={}, status_code=answer.status)

    with silence():
        return Client(retry_handlers=[])
