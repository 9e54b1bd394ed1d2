"""The script of a plan, run by a real bash against a dbt that only writes down how it was called."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import plans
import pytest
import reports
import yaml
from fake_dbt import Place
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from aftershock.model import Phase, Report, Step
from aftershock.render.plan import render_plan, words

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")

RUN = Step("run", (reports.STG,), "Build it.", argv=("dbt", "run", "--select", "stg_orders", *plans.TARGET))
DROP = Step("full-refresh", (reports.FCT,), "Build it anew.", "All old rows.", ("dbt", "run", "--full-refresh", "--select", "fct_orders", *plans.TARGET))
WAITS = 3
COPY = Step("backup", (), "Copy it.", who="whoever runs this plan")
UNKNOWN = Step("run", (reports.STG,), "Build it.", argv=("dbt", "run", "--select", "stg_orders"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def commands(report: Report) -> list[tuple[str, ...]]:
    return [step.argv for phase in report.recovery.phases for step in phase.steps if step.argv]


def test_every_command_is_run_exactly_and_in_order(place: Place) -> None:
    ran = place.run(plans.planned(), "--yes-irreversible")
    assert (ran.code, ran.out) == (0, "")
    assert ran.calls == commands(plans.planned())


def test_what_people_do_is_a_numbered_notice_and_does_not_block(place: Place) -> None:
    err = place.run(plans.planned(), "--yes-irreversible").err
    assert "\nGATE 2: Correct the cause first: a rebuild before that builds the same values again.\n    who acts: Ana Ruiz <ana@example.com> @ana\n" in err
    assert "\nPAUSE 3: Hold dbt snapshot until its input is right.\n" in err
    assert "    costs: Versions during the pause are lost.\n" in err
    assert "\nCONFIRM 7: Whoever owns the export writes it again.\n" in err
    assert "    | select count(*)\n    | from exports;\n" in err


def test_a_command_is_said_with_its_number_its_reason_and_what_it_needs(place: Place) -> None:
    err = place.run(plans.planned(), "--yes-irreversible").err
    head = "STEP 4 (run): A plain run selects the rows again.\n"
    said = "    first: raw.orders holds the corrected rows.\n    costs: All rows of 3 tables are written again.\n"
    assert f"{head}    nodes: stg_orders, int_order_items and dim_customers.v2\n{said}+ dbt run --select stg_orders int_order_items" in err
    assert "+ dbt run-operation run_query --args SQL --target prod, where SQL is:\n    | begin;\n" in err


def test_the_results_of_every_command_that_writes_them_are_kept(place: Place) -> None:
    place.run(plans.planned(), "--yes-irreversible")
    numbers = ("04", "05", "06", "09")
    kept = {f"{step}.run_results.json": f"run {call}" for step, call in zip(numbers, (1, 2, 3, 5), strict=True)}
    assert place.kept() == {**kept, "06.repaired": "model.shop.fct_orders_daily\n"}


def test_what_the_incident_left_is_copied_once(place: Place) -> None:
    report = plans.steps(COPY, RUN)
    assert "target-incident is there and is kept" not in place.run(report).err
    assert (place.folder / "target-incident" / "run_results.json").read_text() == "the incident"
    assert "target-incident is there and is kept" in place.run(report).err
    assert (place.folder / "target-incident" / "run_results.json").read_text() == "the incident"
    assert sorted(path.name for path in place.folder.iterdir()) == ["dbt_project.yml", "target", "target-incident", "target-recovery"]


def test_where_there_is_no_target_there_is_nothing_to_copy(place: Place) -> None:
    shutil.rmtree(place.folder / "target")
    ran = place.run(plans.steps(COPY, RUN))
    assert (ran.code, ran.calls) == (0, [RUN.argv])
    assert not (place.folder / "target-incident").exists()


def test_it_stops_before_a_step_that_could_destroy_something_and_goes_on_from_there(place: Place) -> None:
    report = plans.steps(RUN, DROP, RUN)
    ran = place.run(report)
    assert (ran.code, ran.calls) == (3, [RUN.argv])
    assert ran.err.splitlines()[-1] == "Step 2 was not run. It could destroy: All old rows. Run again with --yes-irreversible --from 2."
    assert place.run(report, "--yes-irreversible", "--from", "2").calls == [DROP.argv, RUN.argv]
    assert place.run(report, "--from=3").calls == [RUN.argv]


def test_a_failing_command_ends_it_with_its_step_its_code_and_how_to_resume(place: Place) -> None:
    ran = place.run(plans.steps(RUN, DROP, RUN), "--yes-irreversible", FAILS="2")
    assert (ran.code, ran.calls) == (1, [RUN.argv, DROP.argv])
    assert ran.err.splitlines()[-1] == "Step 2 failed with exit code 7. Once its cause is gone, run again with --yes-irreversible --from 2."
    assert place.kept() == {"01.run_results.json": "run 1", "02.run_results.json": "run 2"}


@pytest.mark.parametrize("step", [plans.PHASES[5].steps[0], plans.PHASES[6].steps[0]], ids=["sql", "freshness"])
def test_every_kind_of_command_can_fail(step: Step, place: Place) -> None:
    ran = place.run(plans.steps(step, RUN), "--yes-irreversible", FAILS="1")
    assert (ran.code, len(ran.calls)) == (1, 1)
    assert "Step 1 failed with exit code 7." in ran.err


def test_results_that_are_not_there_are_no_error(place: Place) -> None:
    ran = place.run(plans.steps(RUN), WRITES="elsewhere", DBT_TARGET_PATH="nowhere")
    assert (ran.code, place.kept("nowhere-recovery")) == (0, {})


@pytest.mark.parametrize(
    ("settings_", "environ", "found"),
    [
        ("", {}, "target"),
        ("target-path: build # ours\n", {}, "build"),
        ("target-path: 'out/prod/'\nmodel-paths: [m]\n", {}, "out/prod"),
        ("target-path: \"{{ env_var('X') }}\"\n", {}, "target"),
        ("target-path: build\n", {"DBT_TARGET_PATH": "there/"}, "there"),
    ],
)
def test_dbts_directory_is_found_as_dbt_finds_it(settings_: str, environ: dict[str, str], found: str, place: Place) -> None:
    (place.folder / "dbt_project.yml").write_text(f"name: shop\n{settings_}")
    (place.folder / found).mkdir(parents=True, exist_ok=True)
    assert place.run(plans.steps(COPY, RUN), WRITES=found, **environ).code == 0
    assert place.kept(f"{found}-recovery") == {"02.run_results.json": "run 1"}
    assert (place.folder / f"{found}-incident").is_dir()


def test_an_absolute_directory_stays_absolute(place: Place, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    place.run(plans.steps(COPY, RUN), WRITES=str(tmp_path / "shared"), DBT_TARGET_PATH=str(tmp_path / "shared"))
    assert (tmp_path / "shared-incident").is_dir()
    assert (tmp_path / "shared-recovery" / "02.run_results.json").is_file()


def test_another_project_directory_is_that_of_the_commands(place: Place) -> None:
    step = msgspec.structs.replace(RUN, argv=(*RUN.argv, "--project-dir", "deep/it's"))
    report = plans.steps(COPY, step)
    (place.folder / "dbt_project.yml").unlink()
    assert place.run(report).err.splitlines()[-1] == "deep/it\\'s: there is no dbt_project.yml. Run the script in the dbt project."
    project = place.folder / "deep" / "it's"
    (project / "target").mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: shop\n")
    assert place.run(report, WRITES="deep/it's/target").calls == [step.argv]
    assert place.kept("deep/it's/target-recovery") == {"02.run_results.json": "run 1"}
    assert (project / "target-incident").is_dir()


def test_it_runs_nothing_outside_a_project(place: Place) -> None:
    (place.folder / "dbt_project.yml").unlink()
    ran = place.run(plans.steps(RUN))
    assert (ran.code, ran.calls) == (2, [])
    assert ran.err == ".: there is no dbt_project.yml. Run the script in the dbt project.\n"


def test_a_program_that_is_missing_is_said_before_anything_runs(place: Place) -> None:
    step = Step("run", (reports.STG,), "Build it.", argv=("dagster", "asset", "materialize", "--select", "stg_orders"))
    ran = place.run(plans.steps(RUN, step))
    assert (ran.code, ran.calls) == (2, [])
    assert ran.err == "dagster: there is no such program. Activate the environment that has it.\n"


def test_commands_of_another_program_need_neither_a_project_nor_a_target(place: Place) -> None:
    place.program("dagster")
    (place.folder / "dbt_project.yml").unlink()
    step = Step("run", (reports.STG,), "Build it.", argv=("dagster", "asset", "materialize", "--select", "stg_orders"))
    ran = place.run(plans.steps(step))
    assert (ran.code, ran.calls) == (0, [step.argv])
    assert place.kept() == {}


@pytest.mark.parametrize("report", [plans.steps(UNKNOWN), plans.steps(UNKNOWN, asks_target=True)])
@pytest.mark.parametrize("name", ["prod", "x'; touch owned; $(touch owned)", "a b"])
def test_a_target_that_nobody_knows_is_asked_for_and_given_to_every_command(name: str, report: Report, place: Place) -> None:
    refused = place.run(report)
    assert (refused.code, refused.calls) == (2, [])
    assert refused.err.startswith("The artifacts do not say which target failed. Run again with --target NAME")
    for given_ in (("--target", name), (f"--target={name}",)):
        assert place.run(report, *given_).calls == [(*UNKNOWN.argv, "--target", name)]
    assert not (place.folder / "owned").exists()


def test_sql_goes_to_the_target_that_was_named(place: Place) -> None:
    step = Step("sql", (reports.DAILY,), "Do it.", argv=plans.run_sql("select 1"), sql="select 1")
    assert place.run(plans.steps(step, UNKNOWN, asks_target=True), "--target", "prod").calls == [
        (*step.argv, "--target", "prod"),
        (*UNKNOWN.argv, "--target", "prod"),
    ]


def test_a_resumed_run_is_told_its_target_again(place: Place) -> None:
    err = place.run(plans.steps(UNKNOWN, asks_target=True), "--target", "a b", FAILS="1").err
    assert err.splitlines()[-1].endswith(r"run again with --from 1 --target a\ b.")


def test_another_target_than_that_of_the_plan_is_refused(place: Place) -> None:
    ran = place.run(plans.steps(RUN), "--target", "dev")
    assert (ran.code, ran.calls) == (2, [])
    assert ran.err == "The plan is for target prod, not dev. Make it again for that one.\n"
    assert place.run(plans.steps(RUN), "--target", "prod").calls == [RUN.argv]


def test_the_steps_can_be_listed_anywhere(place: Place, tmp_path: Path) -> None:
    (place.folder / "dbt_project.yml").unlink()
    ran = place.run(plans.steps(COPY, UNKNOWN, DROP, asks_target=True), "--list", PATH=os.environ["PATH"])
    assert (ran.code, ran.err, ran.calls) == (0, "", [])
    assert ran.out.splitlines() == [
        "  1. STEP 1 (backup): Copy it.",
        "  2. STEP 2 (run): Build it.",
        "  3. STEP 3 (full-refresh, irreversible): Build it anew.",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls", "plan.sh", "programs", "project"]


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (("--form", "2"), "--form: there is no such option. See --help."),
        (("run",), "run: there is no such option. See --help."),
        (("--from", "0"), "--from 0: the plan has the steps 1 to 2."),
        (("--from", "3"), "--from 3: the plan has the steps 1 to 2."),
        (("--from", "two"), "--from two: it is no number of a step."),
        (("--from", "1+1"), "--from 1+1: it is no number of a step."),
        (("--from",), "--from: it needs a value. See --help."),
        (("--target",), "--target: it needs a value. See --help."),
        (("--target", "--list"), "--target: it needs a value. See --help."),
        (("--target=",), "--target: it needs a value. See --help."),
    ],
)
def test_words_that_mean_nothing_are_refused(given_: tuple[str, ...], said: str, place: Place) -> None:
    ran = place.run(plans.steps(RUN, RUN), *given_)
    assert (ran.code, ran.calls, ran.err) == (2, [], f"{said}\n")


def test_a_number_with_a_zero_before_it_is_no_octal_one(place: Place) -> None:
    assert len(place.run(plans.steps(*[RUN] * 9), "--from", "08").calls) == 2


def test_help(place: Place) -> None:
    ran = place.run(plans.steps(RUN), "--help")
    assert (ran.code, ran.err, ran.calls) == (0, "", [])
    assert all(f"  --{option}" in ran.out for option in ("yes-irreversible", "target", "from", "list"))


def test_the_end_says_how_to_prove_it(place: Place) -> None:
    said = place.run(plans.steps(RUN)).err.splitlines()[-1]
    assert said.startswith("All steps are done. Whether all is repaired: aftershock verify model.shop.stg_orders --category data-quality --since 20")
    assert said.endswith(" --run-results target-recovery")
    assert " --since TIME_OF_STEP_1 " in place.run(plans.steps(RUN, RUN), "--from", "2").err.splitlines()[-1]


def test_a_plan_without_a_step_does_nothing(place: Place) -> None:
    ran = place.run(plans.steps())
    assert (ran.code, ran.calls) == (0, [])


def test_a_command_is_echoed_without_characters_that_deceive(place: Place) -> None:
    step = msgspec.structs.replace(RUN, argv=("dbt", "run", "--select", "caf\xe9 \u202egnp.exe", *plans.TARGET))
    ran = place.run(plans.steps(step), LC_ALL="C.UTF-8")
    assert ran.calls == [step.argv]
    assert "\u202e" not in ran.err
    assert r"+ dbt run --select $'caf\303\251 \342\200\256gnp.exe' --target prod" in ran.err


def test_a_script_from_a_pipe_is_not_read_by_its_commands(place: Place) -> None:
    report = plans.steps(RUN, plans.PHASES[6].steps[0], plans.PHASES[5].steps[0], RUN)
    done = subprocess.run(
        ["bash", "-s", "--", "--yes-irreversible"],
        input=render_plan(report, "sh").encode(),
        cwd=place.folder,
        env=place.environ(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, place.called()) == (0, commands(report))


@pytest.mark.parametrize("argv", [("dbt", "run", "--select", "a\0b", *plans.TARGET), ("dbt", "run", "\ud800", *plans.TARGET)])
def test_words_that_no_shell_can_pass_stop_it(argv: tuple[str, ...], place: Place) -> None:
    ran = place.run(plans.steps(RUN, msgspec.structs.replace(RUN, argv=argv)))
    assert (ran.code, ran.calls) == (2, [RUN.argv])
    assert ran.err.endswith("No shell can pass the words of this command; aftershock plan --format json has them.\n")


def typed(place: Place, report: Report, keys: bytes) -> tuple[int, str]:
    """The script at a terminal where ``keys`` are pressed: its exit code and what it shows."""
    script = place.folder.parent / "plan.sh"
    script.write_text(render_plan(report, "sh"), "utf-8")
    outer, inner = pty.openpty()
    with subprocess.Popen(["bash", str(script)], cwd=place.folder, env=place.environ(), stdin=inner, stdout=inner, stderr=inner) as process:
        os.close(inner)
        os.write(outer, keys)
        shown = b""
        while select.select([outer], [], [], 20)[0]:
            try:
                found = os.read(outer, 4096)
            except OSError:  # the other end is closed
                break
            if not found:
                break
            shown += found
        code = process.wait(20)
    os.close(outer)
    return code, shown.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
@pytest.mark.parametrize(("keys", "code", "calls"), [(b"y\n", 0, 1), (b"Yes\n", 0, 1), (b"n\n", 3, 0), (b"\n", 3, 0), (b"\x04", 3, 0)])
def test_at_a_terminal_it_asks_whether_a_person_has_done_it(keys: bytes, code: int, calls: int, place: Place) -> None:
    gate = Step("gate", (reports.STG,), "Correct the cause.", who="Ana")
    found, shown = typed(place, plans.steps(gate, RUN), keys)
    assert "Is this done? [y/N]" in shown
    assert (found, len(place.called())) == (code, calls)
    assert code == 0 or "Stopped at step 1. Once it is done, run again with --from 1." in shown


SQL = (
    "select 'it''s', \"a\\\"b\", $1, `c`, $(touch owned), ${HOME}, !x, \\n, a # b",
    "   leading\n\ttab\tinside \n\n\n  two empty lines before",
    "\n\nselect 1\n\n",
    "select 'é 名前 \U0001f600'",
    "SQL\nSQL_1\nselect 1\nSQL_2x\n SQL",
    "select '---'\n---\n...\n- a: b\n{{ jinja }} {% raw %}",
    "select ':' as \"a: b\" -- &x *y",
)


@pytest.mark.parametrize("sql", SQL)
def test_sql_arrives_as_it_is(sql: str, place: Place) -> None:
    step = Step("sql", (reports.DAILY,), "Do it.", argv=plans.run_sql(sql, *plans.TARGET), sql=sql)
    report = plans.steps(step)
    assert "\n  dbt_sql dbt run-operation run_query --args SQL --target prod <<'SQL" in render_plan(report, "sh")
    (called,) = place.run(report).calls
    assert called == step.argv
    for loader in (yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        assert yaml.load(called[called.index("--args") + 1], loader)["sql"].rstrip("\n") == sql.rstrip("\n")  # noqa: S506  # both are safe
    assert not (place.folder / "owned").exists()


@pytest.mark.parametrize("sql", ["select '\x1b[2J'", "select '\u202e'", "a\r\nb", "select '\u2028'", "select '\x85'"])
def test_sql_that_cannot_be_looked_at_arrives_too_with_its_characters_spelled_out(sql: str, place: Place) -> None:
    step = Step("sql", (reports.DAILY,), "Do it.", argv=plans.run_sql(sql), sql=sql)
    assert "dbt_sql dbt" not in render_plan(plans.steps(step), "sh")
    assert place.run(plans.steps(step), "--target", "prod").calls == [(*step.argv, "--target", "prod")]


def test_an_argument_that_is_not_that_of_the_sql_is_passed_as_it_is(place: Place) -> None:
    step = Step("sql", (reports.DAILY,), "Do it.", argv=("dbt", "run-operation", "repair", "--args", '{"days": 3}', *plans.TARGET), sql="select 1")
    assert place.run(plans.steps(step)).calls == [step.argv]


def can_be_passed(word: str) -> bool:
    return "\0" not in word and not any("\ud800" <= char <= "\udfff" for char in word)


@given(say=reports.VOICES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_inert(say: reports.Voice, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = Place(tmp_path_factory.mktemp("any"))
    report = plans.hostile(say)
    name = words.target(report.recovery)
    target = name if name and can_be_passed(name) and not name.startswith("-") else "prod"
    ran = place.run(report, "--yes-irreversible", "--target", target)
    passes = all(can_be_passed(word) for argv in commands(report) for word in argv)
    event(f"all can be run: {passes and name in {'', target}}")
    if passes and name in {"", target}:
        wanted = [argv if "--target" in argv else (*argv, "--target", target) for argv in commands(report)]
        if ran.code == WAITS:  # for a person, whose work the rest builds on
            start = ran.err.rpartition("--from ")[2].split()[0].rstrip(".")
            rest = place.run(report, "--yes-irreversible", "--target", target, "--from", start)
            ran = rest._replace(calls=[*ran.calls, *rest.calls])
        assert (ran.code, ran.calls) == (0, wanted)
    else:
        assert ran.code in {2, WAITS}
    assert {path.name for path in place.folder.iterdir()} <= {"dbt_project.yml", "target", "target-incident", "target-recovery"}


@given(sql=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sql_arrives(sql: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    step = Step("sql", (reports.DAILY,), "Do it.", argv=plans.run_sql(sql, *plans.TARGET), sql=sql)
    assert Place(tmp_path_factory.mktemp("any")).run(plans.steps(step)).calls == [step.argv]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="there is no shellcheck")
@pytest.mark.parametrize("report", [plans.planned(), plans.steps(UNKNOWN, asks_target=True), reports.realistic(), reports.empty(), reports.large()])
def test_shellcheck_finds_nothing(report: Report) -> None:
    found = subprocess.run(["shellcheck", "--exclude=SC2016", "-"], input=render_plan(report, "sh"), text=True, capture_output=True, check=False)
    assert found.stdout == ""  # SC2016 is about `…` and $… in single quotes, where text of artifacts is


def test_equal_plans_give_equal_bytes() -> None:
    assert render_plan(plans.planned(), "sh") == render_plan(plans.planned(), "sh")


def test_a_large_plan_names_few_nodes() -> None:
    report = msgspec.structs.replace(
        reports.realistic(),
        recovery=msgspec.structs.replace(reports.PLAN, phases=(Phase("plain", (msgspec.structs.replace(RUN, nodes=tuple(reports.LABELS)),)),)),
    )
    assert "'nodes: stg_orders, int_order_items, fct_orders, fct_orders_daily, dim_customers.v2, orders_snapshot and 6 more'" in render_plan(report, "sh")
