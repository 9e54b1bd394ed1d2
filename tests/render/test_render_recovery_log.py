"""What is said while a plan runs: inert whatever names and errors hold, and always what to do next."""

from __future__ import annotations

import pytest
from plans import steps

from aftershock.model import Step
from aftershock.render.recovery_log import (
    render_dry_run,
    render_plan_question,
    render_recovery_end,
    render_recovery_question,
    render_step_begin,
    render_step_end,
)

HOSTILE = "a\x1b[2Jb\nc\u202e"
RUN = Step("run", ("model.shop.a",), "Build it.", argv=("dbt", "run", "--select", "a", "--target", "prod"))
GATE = Step("gate", (HOSTILE,), HOSTILE, HOSTILE, who=HOSTILE, requires=HOSTILE, costs=HOSTILE, sql=f"select 1;\n{HOSTILE}")


def test_a_step_by_hand_is_shown_whole_and_a_command_on_one_line() -> None:
    report = steps(RUN, GATE)
    assert render_step_begin(report, 1, RUN) == "[ 1/2] run model.shop.a\n"
    shown = render_step_begin(report, 2, GATE)
    assert [line.split(":")[0].strip() for line in shown.splitlines()[1:6]] == ["who acts", "what", "first", "destroys", "costs"]
    assert shown.splitlines()[6] == "        | select 1;"


@pytest.mark.parametrize(
    "text",
    [
        render_step_begin(steps(GATE), 1, GATE),
        render_step_end("failed", 1.0, HOSTILE),
        render_recovery_question("irreversible", HOSTILE),
        render_recovery_question("overtaken", HOSTILE),
        render_dry_run(steps(RUN), [(1, ("dbt", "run", "--select", HOSTILE))]),
        render_recovery_end(steps(RUN), "failed", number=1, folder=HOSTILE),
        render_recovery_end(steps(RUN), "done", folder=HOSTILE, since="2026-11-25T10:00:00Z", target_dir=HOSTILE),
        render_plan_question(steps(Step("run", ("a",), "Build it.", argv=("dbt", "run", "--target", HOSTILE)))),
    ],
)
def test_nothing_that_is_said_can_move_the_cursor_or_reverse_the_line(text: str) -> None:
    assert "a" in text
    assert not {"\x1b", "\u202e"} & set(text)


@pytest.mark.parametrize(
    ("state", "asked", "remedy"),
    [
        ("failed", None, "Once the cause is gone, run the same command with --resume."),
        ("waiting", "by-hand", "Once it is done, run the same command with --resume."),
        ("waiting", "irreversible", "with --resume, at a terminal or with --yes-irreversible."),
        ("waiting", "again", "with --resume at a terminal, or with --from 1."),
        ("overtaken", None, "Pause the schedule and plan again"),
        ("interrupted", None, "--resume asks before it runs that step again."),
    ],
)
def test_every_ending_says_what_to_do_next(state: str, asked: str | None, remedy: str) -> None:
    assert remedy in render_recovery_end(steps(RUN), state, number=1, asked=asked, folder="kept")


def test_the_end_names_what_was_left_out_and_how_to_prove_the_rest() -> None:
    found = render_recovery_end(steps(RUN, RUN), "done", skipped=(1,), since="2026-11-25T10:00:00Z", folder="kept", target_dir="target")
    proof = "aftershock verify --plan kept/plan.json --since 2026-11-25T10:00:00Z --run-results kept/steps --target-dir target"
    assert found == f"\n1 command (1) was left out. Whether all is repaired:\n{proof}\n"
    assert render_dry_run(steps(GATE), []) == "Nothing would be run.\n"
    assert render_recovery_end(steps(), "done").startswith("\nThere is nothing to do.")
