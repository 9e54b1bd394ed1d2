"""One incident on shop, from the broken build to the closed record: dbt really builds, breaks and repairs it; only the time is ours.

``python tests/response/test_response_life.py`` writes the documents in golden/ anew.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import date, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pytest
import time_machine
from fixtures.build import build_shop
from tests.notify.notify_stage import LOCAL, Slack, playing
from tests.once import green_shop

from aftershock.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.notify.notify_stage import Stage

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
DAY = date(2026, 3, 2)
"""The day on which the golden documents say that it happened."""
COPIES = "insert into raw.orders select * from raw.orders where order_id <= 3"
ONCE = "delete from raw.orders where rowid in (select max(rowid) from raw.orders group by order_id having count(*) > 1)"
CONFIG = """\
notify:
  - name: data-incidents
    url: slack://${{AFTERSHOCK_SLACK_TOKEN}}@data-incidents?api={api}
    documents: [notification, update, resolution, postmortem]
"""
TOKEN = "xoxb-canary-canary"  # noqa: S105  # it must be found nowhere
VARYING = [
    (re.compile(r"(\d\d:\d\d):\d\d(\.\d+)?"), r"\1"),
    (re.compile(r"\b[\d.\\]+ (s|min) to [\d.\\]+ (s|min)"), "LOW to HIGH"),
    (re.compile(r"takes [\d.]+ s to start"), "takes LONG to start"),
    (re.compile(r"(without people), takes? [^.]+\."), r"\1, take LOW to HIGH."),
    (re.compile(r"(When it will be over: we do not know yet)[^\n]*"), r"\1"),
]
"""What each run has of its own: seconds, and how long things take on this machine."""


class Step(NamedTuple):
    """What a person typed, and what came of it."""

    code: int
    out: str
    err: str


class Life:
    """A project and a person in front of it. ``day`` is when it happens: tomorrow, so that it is after what built the warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.day = datetime.now(timezone.utc).date() + timedelta(days=1)
        self.documents: dict[str, str] = {}
        self.printed = ""

    @contextmanager
    def at(self, time: str, days: int = 0, *, tick: bool = False) -> Iterator[None]:
        hour, minute = map(int, time.split(":"))
        moment = datetime(self.day.year, self.day.month, self.day.day, hour, minute, tzinfo=timezone.utc) + timedelta(days=days)
        with time_machine.travel(moment, tick=tick):
            yield

    def type(self, *words: str) -> Step:
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(words)
        self.printed += out.getvalue() + err.getvalue()
        return Step(code, out.getvalue(), err.getvalue())

    def keep(self, name: str, text: str) -> None:
        self.documents[name] = self.normal(text)

    def normal(self, text: str) -> str:
        """The text as of the day of the golden documents, without what is new in each run."""
        for days in range(-3, 12):
            text = text.replace((self.day + timedelta(days=days)).isoformat(), f"<{(DAY + timedelta(days=days)).isoformat()}>")
        text = re.sub(r"<(\d{4}-\d\d-\d\d)>", r"\1", text)
        for pattern, instead in VARYING:
            text = pattern.sub(instead, text)
        return text

    def dbt(self, *words: str) -> bool:
        from dbt.cli.main import dbtRunner

        from aftershock.execute.dbt import _let_go

        with redirect_stdout(StringIO()):
            done = dbtRunner().invoke([*words, "--target", "prod", "--quiet"])
        _let_go()
        return bool(done.success)

    def sql(self, statement: str) -> None:
        with duckdb.connect(str(self.folder / "target" / "shop.duckdb")) as connection:
            connection.execute(statement)


def record(life: Life) -> dict[str, Any]:
    return json.loads(life.type("incident", "show", "INC-1", "--format", "json").out)


def live(life: Life, stage: Stage) -> None:
    """The whole of it."""
    respond(life, stage)
    repair(life)
    learn(life)


def respond(life: Life, stage: Stage) -> None:
    """Break it, find it, tell people."""
    (life.folder / "aftershock.yml").write_text(CONFIG.format(api=stage.url), "utf-8")
    life.sql(COPIES)
    with life.at("05:58", tick=True):
        assert not life.dbt("build")
    with life.at("06:05"):
        found = json.loads(life.type("detect", "--format", "json").out)["incidents"]
        assert [(item["category"], item["nodes"]) for item in found] == [("duplicate-load", ["model.shop.stg_orders"])]
        opened = life.type("incident", "open", "--from-detect", "--commander", "Ada", "--send")
        assert opened.code == 0, opened.err
        life.keep("1-notification.md", opened.out)
        life.keep(
            "1-notification-stakeholders.txt",
            life.type("incident", "show", "INC-1", "--document", "notification", "--as", "text", "--audience", "stakeholders").out,
        )
        life.keep("1-checklist.md", life.type("incident", "show", "INC-1", "--document", "checklist").out)
        assert life.type("incident", "note", "INC-1", "--posted", "checklist").code == 0
    with life.at("06:10"):
        assert life.type("incident", "start", "INC-1").code == 0
    with life.at("06:35"):
        update = life.type(
            "incident", "update", "INC-1", "We are deleting the copies in raw.orders.", "--root-cause", "The loader ran twice at 05:30", "--send"
        )
        assert update.code == 0, update.err
        life.keep("2-update.md", update.out)


def repair(life: Life) -> None:
    """Correct the cause, run the plan, prove it, say so."""
    with life.at("06:40"):
        plan = life.type("plan", "stg_orders", "--category", "duplicate-load", "--format", "json")
        assert plan.code == 0
        assert json.loads(plan.out)["phases"]
        life.sql(ONCE)
        assert life.type("incident", "mitigate", "INC-1", "--fix", "The copies were deleted from raw.orders", "--at", "06:40").code == 0
        early = life.type("incident", "resolve", "INC-1")
        assert early.code == 2, early
    with life.at("06:45", tick=True):
        repaired = life.type("recover", "stg_orders", "--category", "duplicate-load", "--yes", "--yes-irreversible")
        assert repaired.code == 0, repaired.err + repaired.out
        assert life.dbt("build")
        assert life.type("incident", "monitor", "INC-1").code == 0
    with life.at("07:20"):
        assert life.type("verify", "stg_orders", "--category", "duplicate-load", "--since", f"{life.day}T06:40").code == 0
        resolved = life.type("incident", "resolve", "INC-1", "--nothing-lost", "--send")
        assert resolved.code == 0, resolved.out + resolved.err
        life.keep("3-resolution.md", resolved.out)
        assert life.type("incident", "postmortem", "INC-1", "--schedule", "tomorrow 10:00").code == 0


def learn(life: Life) -> None:
    """The postmortem and what follows from it."""
    with life.at("10:00", days=1):
        assert (
            life.type(
                "incident", "action", "INC-1", "Make the loader refuse a batch that it has loaded", "--owner", "Ada", "--due", f"{life.day + timedelta(days=7)}"
            ).code
            == 0
        )
        written = life.type(
            "incident", "postmortem", "INC-1", "--author", "Ada", "--well", "The unique test caught it before anybody read it",
            "--improve", "The loader does not know what it has loaded", "--send",
        )  # fmt: skip
        assert written.code == 0, written.err
        life.keep("4-postmortem.md", written.out)
        life.keep("4-postmortem.html", life.type("incident", "show", "INC-1", "--document", "postmortem", "--as", "html").out)
    with life.at("09:00", days=8):
        assert life.type("incident", "list", "--overdue").code == 1
        assert life.type("incident", "action", "INC-1", "--number", "1", "--status", "done").code == 0
        assert life.type("incident", "close", "INC-1").code == 0
        assert life.type("incident", "list", "--overdue").code == 0
        life.keep("5-record.txt", life.type("incident", "show", "INC-1", "--all").out)


@contextmanager
def lived(folder: Path, monkeypatch: pytest.MonkeyPatch, green: Path | None = None) -> Iterator[tuple[Life, Stage, Slack]]:
    build_shop(folder, full_artifacts=False, green=green)
    for name in [name for name in os.environ if name.startswith("AFTERSHOCK_")]:
        monkeypatch.delenv(name)
    for name, value in {"AFTERSHOCK_SLACK_TOKEN": TOKEN, "AFTERSHOCK_BY": "ada", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    with playing() as stage:
        slack = Slack()
        stage.replies = [slack]
        life = Life(folder)
        live(life, stage)
        yield life, stage, slack


@pytest.fixture
def swept() -> Iterator[None]:
    """What dbt leaves open in this process is collected while its warnings are ignored."""
    yield
    gc.collect()


@pytest.mark.dbt
@pytest.mark.usefixtures("swept")
@pytest.mark.filterwarnings("ignore")  # dbt's own, in this process
@pytest.mark.allow_hosts(LOCAL)
def test_from_the_broken_build_to_the_closed_record(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    with lived(tmp_path / "shop", monkeypatch, green_shop(tmp_path_factory)) as (life, stage, _):
        assert {name: text for name, text in life.documents.items() if text != (GOLDEN / name).read_text("utf-8")} == {}
        found = record(life)
        assert (found["status"], found["outcome"]["code"]) == ("closed", "fixed")
        assert all(due["met_at"] for due in found["deadlines"])
        posts = [seen.data for seen in stage.seen if seen.path.endswith("chat.postMessage")]
        assert len(posts) == 4
        assert len({post.get("thread_ts") for post in posts[1:]}) == 1
        assert TOKEN not in life.printed
        assert TOKEN.encode() not in (life.folder / ".aftershock" / "incidents.db").read_bytes()


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch, lived(Path(scratch) / "shop", patch) as (life, _, _):
        GOLDEN.mkdir(exist_ok=True)
        for name, text in life.documents.items():
            (GOLDEN / name).write_text(text, "utf-8")
        sys.stderr.write(f"{len(life.documents)} documents in {GOLDEN}\n")
