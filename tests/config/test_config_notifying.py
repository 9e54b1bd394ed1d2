"""The setting ``notify``: what it refuses, and that a credential in it is never repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aftershock.config import explain, load_policy
from aftershock.errors import ConfigError
from aftershock.model.credentials import HIDDEN, looks_secret, redacted

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.model import Policy

CANARY = "c4n4ry9Zq8Wx7Vb6Nm5"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "aftershock.yml"


def load(file: Path, targets: object) -> Policy:
    file.write_text(yaml.safe_dump({"notify": targets}), encoding="utf-8")
    return load_policy(file)


def refusal(file: Path, targets: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(file, targets)
    said = [str(caught.value), repr(caught.value)]
    chained = caught.value.__context__
    while chained is not None:
        said += [str(chained), repr(chained)]
        chained = chained.__context__
    return "\n".join(said)


CLEAR = [
    f"slack://xoxb-1234567890-{CANARY}@data",
    f"slack://xoxb-{CANARY}@data",
    f"slack://xapp-1-{CANARY}@data",
    f"slack-webhook://hooks.slack.com/services/T0/B0/{CANARY}",
    f"https://hooks.slack.com/services/T0/B0/{CANARY}",
    "pagerduty://0123456789abcdef0123456789ABCDEF",
    "pagerduty://0123456789abcdef0123456789ABCDEF?region=eu",
    f"mailtos://bot:{CANARY}@smtp.example.com?to=a@example.com",
    f"mailtos://bot@example.com:{CANARY}@smtp.example.com?to=a@example.com",
    f"mailtos://bot:{CANARY}${{AFTERSHOCK_B}}@smtp.example.com",
    f"mailtos://${{AFTERSHOCK_A}}:{CANARY}@smtp.example.com",
    f"mailtos://smtp.example.com?user=a&pass={CANARY}",
    f"discord://123456789012345678/{CANARY}{CANARY}",
    f"tgram://123456789:{CANARY}{CANARY}/4242",
    "opsgenie://1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed/",
    f"workflows://prod-1.westeurope.logic.azure.com:443/643e69f83c8944438d68119179a10a64/{CANARY}",
    f"jsons://example.com/hook?token={CANARY}",
    f"jsons://example.com/hook?+Authorization=Bearer%20{CANARY}",
    f"jsons://example.com/hook?-key={CANARY}",
    f"ntfys://example.com/topic?x=1;token={CANARY}",
]


@pytest.mark.parametrize("url", CLEAR)
def test_a_credential_in_clear_text_is_refused_and_not_repeated(file: Path, url: str) -> None:
    said = refusal(file, [{"name": "a", "url": url}])
    assert "notify[0].url holds a credential in clear text. Put it into an environment variable" in said
    assert CANARY not in said
    assert "0123456789abcdef" not in said
    assert "643e69f8" not in said


FINE = [
    "slack://${AFTERSHOCK_SLACK_TOKEN}@C0123456789",
    "slack://${AFTERSHOCK_SLACK_TOKEN}@#analytics-prod-2026-incident-room-2",
    "slack-webhook://${AFTERSHOCK_SLACK_WEBHOOK}",
    "pagerduty://${AFTERSHOCK_PAGERDUTY_KEY}?region=eu",
    "${AFTERSHOCK_TEAMS_URL}",
    "workflows://prod-1.westeurope.logic.azure.com:443/${AFTERSHOCK_WORKFLOW}/${AFTERSHOCK_SIGNATURE}",
    "workflows://default0123456789abcdef0123456789abcdef.12.environment.api.powerplatform.com/${AFTERSHOCK_A}/${AFTERSHOCK_B}?pa=yes",
    "mailtos://bot%40example.com:${AFTERSHOCK_SMTP}@smtp.example.com?from=bot@example.com&to=a@example.com,b@example.com",
    "mailto://relay.example.com?from=bot@example.com&to=oncall@example.com",
    "discord://123456789012345678/${AFTERSHOCK_DISCORD}",
    "jsons://example.com/hooks/data-incidents-2026?token=${AFTERSHOCK_TOKEN}&verify=yes",
    "ntfys://${AFTERSHOCK_USER}:${AFTERSHOCK_PASSWORD}@ntfy.example.com/risk-assessment-dashboard-alerts",
]


@pytest.mark.parametrize("url", FINE)
def test_what_holds_none_is_taken_as_it_is_written(file: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "SLACK_TOKEN",
        "SLACK_WEBHOOK",
        "PAGERDUTY_KEY",
        "TEAMS_URL",
        "WORKFLOW",
        "SIGNATURE",
        "A",
        "B",
        "SMTP",
        "DISCORD",
        "TOKEN",
        "USER",
        "PASSWORD",
    ):
        monkeypatch.setenv(f"AFTERSHOCK_{name}", CANARY)
    policy = load(file, [{"name": "a", "url": url}])
    assert policy.notify[0].url == url
    (row,) = [row for row in explain(policy, file) if row.key == "notify"]
    assert row.value[0]["url"] == url
    assert row.origin.startswith(str(file))
    assert CANARY not in msgspec.json.encode(policy).decode()


OTHER = {
    "json://h/$AFTERSHOCK_A": "stands for a variable that is not allowed. Write ${AFTERSHOCK_NAME}",
    "json://h/${HOME}": "stands for a variable that is not allowed",
    "json://h/${AFTERSHOCK_lower}": "stands for a variable that is not allowed",
    "json://h/${AFTERSHOCK_A": "stands for a variable that is not allowed",
    "${HOME}": "stands for a variable that is not allowed",
    "json://h/{mail}": "has braces around something else than email",
    "json://h/{{ env_var('X') }}": "must be printable, without blanks",
    "json://h/}": "has braces around something else than email",
    "json://{email}@h": "has {email} before its first / or ?",
    "json://{email}": "has {email} before its first / or ?",
    "json://h/a b": "must be printable, without blanks",
    "json://h/\u202e": "must be printable, without blanks",
    "json://" + "x" * 2000: "at most 2000 characters long",
    "h": "must be an address such as slack://",
    "${AFTERSHOCK_SCHEME}://h": "must be an address such as slack://",
    "jsons://h/?verify=no": "turns off the check of certificates, which is always made. Remove verify",
    "jsons://h/?a=b&Verify=FALSE": "turns off the check of certificates",
    "jsons://h/?redirect=yes": "asks to follow redirects, which would hand credentials on",
}


@pytest.mark.parametrize(("url", "said"), OTHER.items(), ids=[url[:30] for url in OTHER])
def test_other_urls_that_are_refused(file: Path, url: str, said: str) -> None:
    assert said in refusal(file, [{"name": "a", "url": url, "audience": "owners"}])


def test_an_address_of_somebody_needs_an_audience_of_somebody(file: Path) -> None:
    assert "is for nobody in particular. Add audience: owners" in refusal(file, [{"name": "a", "url": "mailto://h?to={email}"}])
    assert load(file, [{"name": "a", "url": "mailto://h?to={email}", "audience": "stakeholders"}]).notify[0].audience == "stakeholders"


def test_names_are_unique(file: Path) -> None:
    said = refusal(file, [{"name": "Team", "url": "json://h"}, {"name": "team", "url": "json://g"}])
    assert "notify[1] has the name team, which another one has. Give it a name of its own." in said


TOKEN = f"xoxb-1234567890-{CANARY}"


@pytest.mark.parametrize(
    "targets",
    [
        f"slack://{TOKEN}@c",
        [f"slack://{TOKEN}@c"],
        [[f"slack://{TOKEN}@c"]],
        [{f"slack://{TOKEN}@c": None}],
        {f"slack://{TOKEN}@c": None},
        [{"name": TOKEN, "url": "json://h"}],
        [{"name": "a", "url": [f"slack://{TOKEN}@c"]}],
        [{"name": "a", "url": {TOKEN: TOKEN}}],
        [{"name": "a", "url": f"{TOKEN}"}],
        [{"name": "a", "url": f"slack://{TOKEN}@c d"}],
        [{"name": "a", "url": f"slack://{TOKEN}@c/{{x}}"}],
        [{"name": "a", "url": "json://h", "documents": TOKEN}],
        [{"name": "a", "url": "json://h", "severity": TOKEN}],
        [{"name": "a", "url": "json://h", "audience": [TOKEN]}],
        [{"name": "a", "url": "json://h", "mentions": [TOKEN]}],
    ],
)
def test_a_credential_in_the_wrong_place_is_not_repeated_either(file: Path, targets: object) -> None:
    assert CANARY not in refusal(file, targets)


def test_what_redaction_takes_and_what_it_leaves() -> None:
    plain = "Slack answered channel_not_found: it knows no such channel. See INC-12 of 2026-11-30T14:05:00Z, fct_orders_2026_q3, https://bi.example.com/weekly-revenue-2026."
    assert redacted(plain) == plain
    for secret in (TOKEN, "Bearer abc.def-ghi", "a" * 31 + "1", "https://u:p4ss@h", "?sig=abc", f"x{CANARY}y{CANARY}", "123456789:" + "Ab" * 20):
        assert HIDDEN in redacted(f"before {secret} after"), secret
        assert looks_secret(secret), secret
    assert redacted("proxy http://user:hunter2@proxy:3128 failed") == f"proxy http://{HIDDEN}@proxy:3128 failed"


@given(st.text("ab1-_ /:@=?&.xoxb", max_size=200))
def test_redaction_leaves_nothing_to_redact(text: str) -> None:
    assert not looks_secret(redacted(text).replace(HIDDEN, ""), random=False) or HIDDEN in redacted(text)
    assert redacted(redacted(text)) == redacted(text)
