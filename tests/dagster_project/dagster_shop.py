"""A shop's dbt project as Dagster assets: tables, and microbatch models with partitions of their batch size."""

from pathlib import Path

from dagster import (
    AssetExecutionContext,
    AssetSelection,
    BackfillPolicy,
    Config,
    DailyPartitionsDefinition,
    Definitions,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    define_asset_job,
)
from dagster_dbt import DbtCliResource, DbtProject, dbt_assets

PROJECT = DbtProject(Path(__file__).parent)
WRITTEN = "%Y-%m-%dT%H:%M:%S"
"""As dbt takes the ends of a window."""


class Rebuild(Config):
    """What a run can be told."""

    full_refresh: bool = False


def window(context: AssetExecutionContext) -> list[str]:
    """The time of the run's partitions, as dbt takes it."""
    time = context.partition_time_window
    return ["--event-time-start", time.start.strftime(WRITTEN), "--event-time-end", time.end.strftime(WRITTEN)]


@dbt_assets(manifest=PROJECT.manifest_path, exclude="config.incremental_strategy:microbatch")
def tables(context: AssetExecutionContext, dbt: DbtCliResource, config: Rebuild):  # noqa: ANN201  # Dagster reads the annotations
    yield from dbt.cli(["build", *(["--full-refresh"] if config.full_refresh else [])], context=context).stream()


@dbt_assets(manifest=PROJECT.manifest_path, select="hourly_orders", partitions_def=HourlyPartitionsDefinition("2024-03-01-00:00"))
def hours(context: AssetExecutionContext, dbt: DbtCliResource):  # noqa: ANN201  # as above
    yield from dbt.cli(["build", *window(context)], context=context).stream()


@dbt_assets(manifest=PROJECT.manifest_path, select="daily_orders", partitions_def=DailyPartitionsDefinition("2024-03-01"))
def days(context: AssetExecutionContext, dbt: DbtCliResource):  # noqa: ANN201  # as above
    yield from dbt.cli(["build", *window(context)], context=context).stream()


@dbt_assets(
    manifest=PROJECT.manifest_path,
    select="monthly_orders",
    partitions_def=MonthlyPartitionsDefinition("2024-01-01"),
    backfill_policy=BackfillPolicy.multi_run(),
)
def months(context: AssetExecutionContext, dbt: DbtCliResource):  # noqa: ANN201  # as above
    yield from dbt.cli(["build", *window(context)], context=context).stream()


defs = Definitions(
    assets=[tables, hours, days, months],
    jobs=[define_asset_job("monthly", AssetSelection.assets("monthly_orders"))],
    resources={"dbt": DbtCliResource(PROJECT)},
)
