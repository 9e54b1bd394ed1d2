"""The how-to's targets are ones that can be sent to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from notify_stage import GROWTH, HOOK, KEY, TOKEN, message

from aftershock.config import load_policy
from aftershock.model import NotifyTarget, Policy
from aftershock.model.credentials import VARIABLE
from aftershock.notify import prepared

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "notify.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
TEAMS = (
    "https://prod-161.westeurope.logic.azure.com:443/workflows/643e69f83c8944438d68119179a10a64/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebWbDGYFr0z0eu-6Rj8aUKz7108W3wrNJZxFE5A"
)
TEAMS_NOW = (
    "https://default643e69f83c8944438d68119179a10a64.12.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/"
    "643e69f83c8944438d68119179a10a64/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebWbDGYFr0z0eu-6Rj8aUKz7108W3wrNJZxFE5A"
)
ENVIRON = {
    "AFTERSHOCK_SLACK_TOKEN": TOKEN,
    "AFTERSHOCK_SLACK_WEBHOOK": f"https://hooks.slack.com/services/{HOOK}",
    "AFTERSHOCK_PAGERDUTY_KEY": KEY,
    "AFTERSHOCK_TEAMS_URL": TEAMS,
    "AFTERSHOCK_SMTP_PASSWORD": "p@ss/wörd",
    "AFTERSHOCK_DISCORD_TOKEN": "a-zA-Z0-9_" * 6,
    "AFTERSHOCK_HOOK_AUTHORIZATION": "Bearer abc",
}


@pytest.mark.parametrize("block", BLOCKS)
def test_the_targets_of_the_guide_can_be_sent_to(block: str, tmp_path: Path) -> None:
    (tmp_path / "aftershock.yml").write_text(block, encoding="utf-8")
    policy = load_policy(tmp_path / "aftershock.yml")
    made = message(audience="owners", recipient=GROWTH)
    assert [ready.unaddressed for ready in prepared([(made, target) for target in policy.notify], policy, ENVIRON)] == [""] * len(policy.notify)


def test_the_guide_names_every_variable_that_the_test_sets() -> None:
    assert {name for block in BLOCKS for name in VARIABLE.findall(block)} == set(ENVIRON)


@pytest.mark.parametrize(
    ("url", "host"),
    [(TEAMS, "prod-161.westeurope.logic.azure.com"), (TEAMS_NOW, "default643e69f83c8944438d68119179a10a64.12.environment.api.powerplatform.com")],
)
def test_an_address_of_teams_is_taken_as_microsoft_shows_it(url: str, host: str) -> None:
    from aftershock.notify.address import resolved
    from aftershock.notify.others import instance

    service = instance(resolved(NotifyTarget("teams", "${AFTERSHOCK_TEAMS_URL}"), {"AFTERSHOCK_TEAMS_URL": url}))
    assert (type(service).__name__, service.host, service.port, service.workflow) == ("NotifyWorkflows", host, 443, "643e69f83c8944438d68119179a10a64")
    assert service.redirects is False
    assert service.verify_certificate is True


def test_a_webhook_of_slack_as_a_whole_url_is_slacks() -> None:
    url = f"https://hooks.slack.com/services/{HOOK}"
    (ready,) = prepared([(message(), NotifyTarget("hook", "${AFTERSHOCK_URL}"))], Policy(), {"AFTERSHOCK_URL": url})
    assert ready.service.__module__ == "aftershock.notify.slack"
