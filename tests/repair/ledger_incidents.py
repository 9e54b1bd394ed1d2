"""What goes wrong where tables remember more than their source."""

from __future__ import annotations

from repair.scenarios import Loss, Scenario
from repair.worlds import LEDGER, Edit

BAD_ENTRIES = ("update bank.entries set amount_cents = amount_cents * 100 where entered_at > getvariable('onset')",)
LOST_ENTRIES = ("delete from bank.entries where entered_at > getvariable('onset') and entry_id % 3 = 0",)
DOUBLE_ENTRIES = ("insert into bank.entries select * from bank.entries where entered_at > getvariable('onset')",)

LEDGER_SCENARIOS = (
    Scenario("history not in source, bad values: bank.entries", ("bank.entries",), "data-quality", days=(2, 3), statements=BAD_ENTRIES, world=LEDGER),
    Scenario("history not in source, rows lost: bank.entries", ("bank.entries",), "data-loss", days=(2, 3), statements=LOST_ENTRIES, world=LEDGER),
    Scenario("history not in source, loaded twice: bank.entries", ("bank.entries",), "duplicate-load", days=(2, 3), statements=DOUBLE_ENTRIES, world=LEDGER),
    Scenario("history not in source, loader stopped: bank.entries", ("bank.entries",), "stale-data", days=(1, 2, 3), stopped=("bank.entries",), world=LEDGER),
    Scenario(
        "history not in source, column dropped, sync_all_columns: bank.entries.memo",
        ("bank.entries",),
        "schema-break",
        days=(2, 3),
        statements=("alter table bank.entries drop column memo",),
        fails=True,
        options=("--column", "memo"),
        losses=(Loss("books.entries_wide", 168, 168, "model.ledger.entries_wide", "memo|column"),),
        world=LEDGER,
    ),
    Scenario(
        "history not in source, bad deploy: stg_entries",
        ("stg_entries",),
        "data-quality",
        edits=(Edit("models/stg_entries.sql", "amount_cents / 100.0", "amount_cents / 1.0"),),
        world=LEDGER,
    ),
    Scenario(
        "history not in source, failed runs: stg_entries",
        ("stg_entries",),
        "pipeline-failure",
        days=(1, 2, 3),
        edits=(Edit("models/stg_entries.sql", "    memo,", "    note as memo,"),),
        fails=True,
        world=LEDGER,
    ),
    Scenario(
        "rows deleted in the warehouse: daily_totals",
        ("daily_totals",),
        "data-loss",
        harm=("delete from books.daily_totals where entered_on = (select max(entered_on) - 1 from books.daily_totals)",),
        options=("--unconfirmed",),
        world=LEDGER,
    ),
)
