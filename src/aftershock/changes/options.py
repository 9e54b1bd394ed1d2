"""Settings that no other rule looks at: every key of a node's config that differs is told, unless it is known to be nobody's concern."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from aftershock.changes.building import BESIDE, BUILT, INCREMENTAL, LAYOUT
from aftershock.changes.found import Finding, plain, setting, written_out
from aftershock.changes.making import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair
    from aftershock.model.changes import ChangeKind, Judgement

ASKED = BUILT | {"function"}
WORD = re.compile(r"\w+")
MOST = 60
"""Characters of a value within a sentence."""


class Option(NamedTuple):
    """Settings of one kind: which change another value is, what it means for whoever reads the node, why, and for which materialization it holds."""

    keys: tuple[str, ...]
    kind: ChangeKind
    verdict: Judgement
    reason: str
    of: str = "*"


OPTIONS: tuple[Option, ...] = (
    Option(("location",), "relation-moved", "breaking", "dbt's own readers follow, all others still find the old file", "external"),
    Option(("format",), "relation-moved", "breaking", "whoever reads the file itself no longer can as before", "external"),
    Option(("options", "delimiter", "plugin", "overrides"), "relation-moved", "risky", "whoever reads the file itself finds it written otherwise", "external"),
    Option(
        ("location_root", "external_location", "external_volume", "s3_data_dir", "s3_data_naming", "base_location_root", "base_location_subpath"),
        "relation-moved",
        "risky",
        "whoever reads the files themselves no longer finds them where they were",
    ),
    Option(
        ("file_format", "table_format", "table_type", "format", "catalog_name", "catalog"),
        "relation-moved",
        "risky",
        "whoever reads it by another way than this warehouse may no longer be able to",
    ),
    Option(("latest_version_pointer",), "relation-moved", "risky", "the relation that stands for the latest version is another one, or is no longer kept"),
    Option(("copy_grants",), "access-changed", "risky", "rights that were granted outside dbt are kept, or lost, when it is built anew"),
    Option(("secure", "view_security", "kms_key_name"), "access-changed", "risky", "some may no longer read it, or its definition"),
    Option(("grant_access_to",), "access-changed", "risky", "where it may no longer read a dataset, all its readers fail"),
    Option(
        (
            "row_access_policy",
            "row_filter",
            "policy_tags",
            "lf_tags_config",
            "lf_grants",
            "lf_tags",
            "aggregation_policy",
            "projection_policy",
            "table_tag",
            "copy_tags",
        ),
        "access-changed",
        "risky",
        "its readers may see other rows or columns than before",
    ),
    Option(("require_partition_filter",), "access-changed", "risky", "where it is set, a query without a filter on the partition is refused"),
    Option(("bind",), "access-changed", "risky", "a view that is bound goes when a table below it is replaced; one that is not finds out at the next query"),
    Option(
        (
            *("target_lag", "refresh_mode", "initialize", "scheduler", "auto_refresh", "enable_refresh", "refresh_interval_minutes", "max_staleness"),
            *("schedule", "refresh_method", "refresh", "refreshable"),
        ),
        "freshness-changed",
        "risky",
        "its rows may be older than its readers expect",
    ),
    Option(
        ("hours_to_expiration", "partition_expiration_days", "ttl"),
        "materialization-changed",
        "risky",
        "the warehouse drops it, or old rows of it, at another time",
    ),
    Option(("transient", "data_retention_time_in_days"), "materialization-changed", "safe", "its rows are the same; what they were is kept for another time"),
    Option(
        (
            *("partitions", "delete_condition", "update_condition", "insert_condition", "inserts_only", "merge_with_schema_evolution", "predicates"),
            *("matched_condition", "not_matched_condition", "not_matched_by_source_action", "not_matched_by_source_condition"),
            *("skip_matched_step", "skip_not_matched_step"),
        ),
        "incremental-changed",
        "risky",
        "new rows are put beside, or in place of, other rows than before",
        "incremental",
    ),
    Option(("type", "volatility", "runtime_version", "entry_point"), "values-changed", "risky", "what calls it may get other values", "function"),
    Option(("keys", "query_settings", "settings", "immutable_where"), "materialization-changed", "risky", "the warehouse may keep, or compute, other rows"),
)
"""What is known of settings; the first row that fits. Any other setting is risky where something reads it."""

EXPLAINS = frozenset({"meta", "tags", "docs", "description", "persist_docs", "labels", "databricks_tags", "classifiers"})
"""What people, or a catalog of data, read of a node."""
RUNS = frozenset(
    {
        *("packages", "vars", "query_tag", "query_group", "client_tags", "http_headers", "static_analysis", "config_keys_used", "config_keys_defaults"),
        *("snowflake_warehouse", "snowflake_initialization_warehouse", "refresh_warehouse", "databricks_compute", "compute", "work_group", "s3_staging_dir"),
        *("submission_method", "cluster_id", "job_cluster_config", "create_notebook", "timeout", "http_path", "user_folder_for_python", "imports"),
        *("python_version", "use_anonymous_sproc", "spark_encryption", "spark_cross_account_catalog", "spark_requester_pays", "engine_config"),
        *("concurrent_batches", "on_configuration_change", "on_error", "tmp_relation_type", "unique_tmp_table_suffix", "temp_schema", "fast"),
        *("job_execution_timeout_seconds", "maximum_bytes_billed", "job_retries", "priority", "statement_timeout", "seed_by_insert"),
        *("seed_s3_upload_args", "partitions_limit", "force_batch", "ha", "native_drop", "backup", "parallel", "intermediate_format", "enable_list_inference"),
    }
)
"""How and where dbt has it computed: what comes of it is the same."""
LIES = frozenset(
    {
        *("automatic_clustering", "auto_liquid_cluster", "buckets", "clustered_by", "bucketed_by", "bucket_count", "partitioned_by", "zorder"),
        *("sharding_key", "write_compression", "compression", "table_compression_clause", "partition_by_init", "tblspace"),
    }
)
"""How the warehouse stores rows that are the same."""
TOLD = frozenset(
    {
        *("enabled", "materialized", "access", "grants", "group", "contract", "freshness", "loaded_at_field", "loaded_at_query", "quoting"),
        *("alias", "schema", "database", "target_schema", "target_database", "event_time", "column_types"),
        *("pre_hook", "post_hook", *BESIDE),
    }
)
"""What other rules look at, or what says nothing where they do not."""
OF_KINDS = frozenset((*LAYOUT, *(row.key for row in INCREMENTAL), "on_schema_change", "full_refresh"))
"""What other rules look at where the materialization is one that they know; others may do anything with it."""
OF_SEEDS = frozenset({"delimiter", "quote_columns", "column_types"})
KNOWN = frozenset({"view", "table", "incremental", "snapshot", "seed", "materialized_view", "dynamic_table", "ephemeral", "function"})
QUIET = EXPLAINS | RUNS | LIES | TOLD

DEFAULTS: dict[tuple[str, str], object] = {
    ("*", "bind"): True,
    ("*", "transient"): True,
    ("*", "enable_refresh"): True,
    ("*", "view_security"): "definer",
    ("athena", "table_type"): "hive",
    ("athena", "format"): "parquet",
    ("databricks", "file_format"): "delta",
    ("databricks", "table_format"): "default",
    ("duckdb", "format"): "parquet",
}
"""What holds where a setting is not given, by adapter; where nothing is known, that it is empty."""


def option_changes(scene: Scene, pair: Pair) -> Iterator[tuple[ChangeKind, Finding]]:
    """Other values of settings that no other rule looks at, each with the kind of change that it is.

    Args:
        scene: both projects.
        pair: the node.
    """
    old, new = pair.base.materialized, pair.head.materialized
    if pair.head.resource_type not in ASKED or old == new == "ephemeral":
        return
    quiet = QUIET | (OF_KINDS if {old, new} <= KNOWN else frozenset()) | (OF_SEEDS if pair.head.resource_type == "seed" else frozenset())
    for key in sorted({*pair.old.config, *pair.new.config} - quiet):
        found = setting(scene, pair, key, _default(scene.head.project.info.adapter, key))
        if found is None or _is_folder(*found) or _is_of_dbt(scene, pair, key):
            continue
        option = _option(scene, key, pair)
        if option is None:
            continue
        was, now = map(written_out, found)
        reason = f"{key} of {pair.head.label} was {_said(was)} and is {_said(now)} now: {option.reason}"
        yield option.kind, Finding(option.verdict, reason, was, now, certainty="likely")


def _option(scene: Scene, key: str, pair: Pair) -> Option | None:
    """What another value of a setting means; None where nothing looks at it."""
    kinds = {pair.base.materialized, pair.head.materialized}
    rows = [option for option in OPTIONS if key in option.keys]
    known = next((option for option in rows if option.of == "*" or kinds == {option.of}), None)
    if known is not None:
        return known
    if any(option.of == "incremental" for option in rows) and kinds <= KNOWN:
        return None
    if _is_read(scene, key, pair):
        return Option((key,), "materialization-changed", "risky", "what that does to its rows is not known")
    return None


def _is_read(scene: Scene, key: str, pair: Pair) -> bool:
    """Whether a macro of the project, of a package or of dbt, or the node's own Python, has the name of a setting; also where no macro is at hand."""
    own = WORD.findall(scene.head.code_of(pair.head_id).raw) if pair.head.language == "python" else ()
    return not scene.head.code.macros or WORD.fullmatch(key) is None or key in own or key in scene.head.macro_words


def _default(adapter: str, key: str) -> object:
    return DEFAULTS.get((adapter, key), DEFAULTS.get(("*", key)))


def _is_folder(*values: object) -> bool:
    """Whether a value is what dbt_project.yml says of a folder or package of that name: dbt takes it for a setting of what lies beside."""
    return any(isinstance(value, dict) and any(str(key).startswith("+") for key in value) for value in values)


def _is_of_dbt(scene: Scene, pair: Pair, key: str) -> bool:
    """Whether only another version of dbt writes a setting that nobody gave."""
    if scene.base.project.info.dbt_version == scene.head.project.info.dbt_version:
        return False
    sides = ((pair.old, scene.base.code_of(pair.base_id)), (pair.new, scene.head.code_of(pair.head_id)))
    return not any(key in said.unrendered or key in code.raw for said, code in sides) and not all(plain(said.config.get(key)) for said, _ in sides)


def _said(value: str) -> str:
    return cut(value, MOST) or "not set"
