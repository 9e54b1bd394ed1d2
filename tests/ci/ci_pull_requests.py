"""Pull requests on shop in a real git repository, and what the check says of each. ``python tests/ci/ci_pull_requests.py`` writes the answers anew."""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "fixtures" / "artifacts" / "green"
GOLDEN = Path(__file__).parent / "golden"
VARYING = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


class Edit(NamedTuple):
    """One change of one file: the only occurrence of ``old`` becomes ``new``; without ``old`` the file is new, and with no ``new`` it is gone."""

    path: str
    old: str = ""
    new: str = ""


class PullRequest(NamedTuple):
    """What somebody changes, and the exit code of the check."""

    code: int
    edits: tuple[Edit, ...]


ORDERS = "models/staging/stg_orders.sql"
CAMPAIGNS = "models/staging/stg_campaigns.sql"
DROP = Edit(ORDERS, "    status,\n", "")
ACCEPT = """\
check:
  acknowledge:
    - node: stg_orders
      kind: column-removed
      column: status
      reason: The readers are changed tomorrow.
      owner: Data Core <data-core@shop.example>
      until: 2099-12-31
"""

PULL_REQUESTS = {
    "drop": PullRequest(1, (DROP,)),
    "drop-with-its-own-permission": PullRequest(1, (DROP, Edit("aftershock.yml", "", ACCEPT))),
    "rename": PullRequest(1, (Edit(CAMPAIGNS, "    started_on\n", "    started_on as began_on\n"),)),
    "rename-carried-through": PullRequest(
        0,
        (
            Edit(CAMPAIGNS, "    started_on\n", "    started_on as began_on\n"),
            Edit("models/marts/marketing/campaign_performance.sql", "c.started_on", "c.began_on"),
        ),
    ),
    "retype": PullRequest(1, (Edit("models/staging/stg_payments.sql", "amount_cents / 100.0 as amount", "cast(amount_cents / 100 as integer) as amount"),)),
    "filter": PullRequest(
        0, (Edit("models/staging/stg_refunds.sql", "from {{ source('raw', 'refunds') }}", "from {{ source('raw', 'refunds') }}\nwhere amount_cents > 0"),)
    ),
    "contract": PullRequest(1, (Edit("models/marts/core/dim_products.sql", "    cast(list_price as double) as list_price\n", "    1 as price\n"),)),
    "cosmetic": PullRequest(
        0,
        (
            Edit(ORDERS, "select\n    order_id,", "-- one row per order\nselect\n\n    order_id,"),
            Edit("models/staging/_staging.yml", "One row per order, money in the shop's currency.", "One row per order."),
        ),
    ),
    "deleted": PullRequest(1, (Edit("models/staging/stg_refunds.sql"),)),
    "python": PullRequest(2, (Edit("models/marts/marketing/customer_segments.py", "pct=True)", "pct=False)"),)),
    "leaf-deleted": PullRequest(1, (Edit("models/marts/ad hoc/ad_spend_review.sql"),)),
    "needs-the-warehouse": PullRequest(
        2,
        (Edit("models/marts/ops/stock_levels.sql", "select\n    product_id,", "select\n    {{ run_query('select 1').columns[0].values()[0] if execute else 0 }} as answer,\n    product_id,"),),
    ),
    "new-model": PullRequest(0, (Edit("models/marts/core/order_days.sql", "", "select ordered_on, count(*) as orders from {{ ref('stg_orders') }} group by 1\n"),)),
}  # fmt: skip


def git(folder: Path, *words: str) -> str:
    """Run git as nobody in particular, with nothing of the machine's settings."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "Ana"), ("EMAIL", "ana@shop.example"))}
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | own | who
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True, env=environ).stdout


def shop(folder: Path, *, accepted: str = "") -> Path:
    """The shop in a repository of one commit, its production target beside it in ``prod``."""
    repository = folder / "repository"
    shutil.copytree(ROOT / "fixtures" / "shop", repository, ignore=shutil.ignore_patterns("target", "logs", "dbt_packages"))
    (repository / "prod").mkdir()
    for kind in ("manifest", "catalog"):
        (repository / "prod" / f"{kind}.json").write_bytes(gzip.decompress((ARTIFACTS / f"{kind}.json.gz").read_bytes()))
    (repository / ".gitignore").write_text("target\nprod\n", "utf-8")
    if accepted:
        (repository / "aftershock.yml").write_text(accepted, "utf-8")
    git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message=The shop")
    return repository


def edit(repository: Path, request: PullRequest) -> list[str]:
    """Change the files; returns their paths."""
    for path, old, new in request.edits:
        file = repository / path
        if not old and not new:
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text("utf-8") if old else ""
        assert not old or text.count(old) == 1, f"{path} has {text.count(old)} times {old!r}"
        file.write_text(text.replace(old, new) if old else new, "utf-8")
    return [path for path, *_ in request.edits]


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """In another folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def asked(repository: Path, *words: str) -> tuple[int, str, str]:
    """The exit code and what a command printed, in the repository."""
    from aftershock.cli import main

    out, err = io.StringIO(), io.StringIO()
    with within(repository), redirect_stdout(out), redirect_stderr(err):
        code = main(list(words))
    return code, out.getvalue(), err.getvalue()


def told(name: str, folder: Path, format_: str = "text") -> tuple[int, str]:
    """What the check says of a pull request, times left out."""
    request = PULL_REQUESTS[name]
    repository = shop(folder)
    files = edit(repository, request)
    code, out, err = asked(repository, "check", "--base", "prod", "--changed", *files, "--format", format_)
    assert not err, err
    return code, VARYING.sub("…", out)


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name, request in PULL_REQUESTS.items():
        with tempfile.TemporaryDirectory() as folder:
            os.environ["AFTERSHOCK_CACHE_DIR"] = folder
            code, out = told(name, Path(folder))
            (GOLDEN / f"{name}.txt").write_text(out, "utf-8")
        sys.stdout.write(f"{name}: {code} {'' if code == request.code else f'instead of {request.code}'}\n")


if __name__ == "__main__":
    main()
