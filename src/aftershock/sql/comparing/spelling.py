"""Words that mean something when queries are compared: functions by what they do, and types by what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from aftershock.sql.dialects import Dialect

UNFOLDING = tuple(
    kind
    for name in ("Explode", "ExplodeOuter", "Posexplode", "PosexplodeOuter", "Inline", "Unnest", "Stack", "ExplodingGenerateSeries")
    if isinstance(kind := getattr(exp, name, None), type)
)
"""Functions that make several rows of one where they stand in a SELECT list."""

WORDS = {
    "unfolding": frozenset(
        "explode explode_outer posexplode posexplode_outer inline inline_outer stack unnest generate_series generate_subscripts json_array_elements "  # noqa: SIM905  # as people read it
        "json_array_elements_text jsonb_array_elements jsonb_array_elements_text json_each json_each_text jsonb_each jsonb_each_text json_object_keys "
        "jsonb_object_keys regexp_matches regexp_split_to_table string_to_table arrayjoin flatten_table json_to_recordset jsonb_to_recordset "
        "jsonb_path_query json_populate_recordset".split()  # as people read it
    ),
    "lists in duckdb": frozenset({"generate_series", "regexp_matches", "json_each"}),
}
AGGREGATES = frozenset(
    "approx_count_distinct approx_percentile approx_quantile arbitrary arg_max arg_max_null arg_min arg_min_null argmax argmin array_agg array_agg_distinct "  # noqa: SIM905  # as people read it
    "avg_if bit_and bit_or bit_xor bitstring_agg bool_and bool_or countif counts_if count_if corr entropy every favg first fsum geometric_mean geomean "
    "group_concat groupuniqarray grouparray histogram hll_accumulate hll_sketch_agg json_agg json_arrayagg json_group_array json_group_object "
    "json_group_structure json_object_agg json_objectagg jsonb_agg jsonb_object_agg kahan_sum kurtosis kurtosis_pop last list list_agg listagg mad map_agg "
    "max_by maxif median min_by minif mode multimap_agg object_agg percentile percentile_approx percentile_cont percentile_disc product quantile "
    "quantile_cont quantile_disc reservoir_quantile sem skewness stddev string_agg sumif sumkahan sum_if sum_no_overflow uniq uniqexact var_pop var_samp "
    "xmlagg array_union_agg array_unique_agg booland_agg boolor_agg boolxor_agg collect_list collect_set".split()  # as people read it
)
"""Aggregates that some parser leaves as plain calls."""
VOLATILE_NAMES = frozenset(
    "RAND RANDN RANDOM RANDSTR UNIFORM NORMAL ZIPF UUID UUID_STRING GEN_RANDOM_UUID GENERATE_UUID NEWID NEXTVAL SEQ1 SEQ2 SEQ4 SEQ8 "  # noqa: SIM905  # as people read it
    "MONOTONICALLY_INCREASING_ID SETSEED CLOCK_TIMESTAMP".split()  # as people read it
)
ORDER_MATTERS = frozenset(
    "ArrayAgg ArrayConcatAgg GroupConcat First Last FirstValue LastValue NthValue AnyValue JSONArrayAgg JSONObjectAgg ObjectAgg ArgMax ArgMin "  # noqa: SIM905  # as people read it
    "Lag Lead RowNumber Ntile".split()  # as people read it
)
"""Functions that may depend on the order of rows where they are not told one, by the parser's names."""
ORDER_MATTERS_NAMED = frozenset(
    "list array_agg string_agg group_concat listagg first last arbitrary any_value json_group_array json_agg jsonb_agg collect_list arg_max arg_min max_by "  # noqa: SIM905  # as people read it
    "min_by list_agg row_number rowid".split()  # as people read it
)

_SAME_TYPES = {
    "duckdb": {"VARCHAR": "TEXT", "NVARCHAR": "TEXT", "CHAR": "TEXT", "BPCHAR": "TEXT", "STRING": "TEXT", "REAL": "FLOAT"},
    "snowflake": {
        "TEXT": "VARCHAR",
        "STRING": "VARCHAR",
        "DECIMAL": "DECIMAL(38, 0)",
        "INT": "DECIMAL(38, 0)",
        "BIGINT": "DECIMAL(38, 0)",
        "SMALLINT": "DECIMAL(38, 0)",
        "FLOAT": "DOUBLE",
    },
    "bigquery": {"VARCHAR": "TEXT", "INT": "BIGINT", "SMALLINT": "BIGINT", "TINYINT": "BIGINT", "FLOAT": "DOUBLE", "DECIMAL": "DECIMAL(38, 9)"},
    "spark": {"VARCHAR": "TEXT", "STRING": "TEXT", "TIMESTAMP": "TIMESTAMPTZ"},
    "databricks": {"VARCHAR": "TEXT", "STRING": "TEXT", "TIMESTAMP": "TIMESTAMPTZ"},
}
"""Names of one type, by dialect."""


def type_name(node: exp.Expression, dialect: Dialect) -> str:
    """A type under one name, whichever of its names is written."""
    name = node.sql()
    name = name.upper() if isinstance(node, exp.DataType) and not node.args.get("nested") else name
    if dialect.read == "duckdb" and name.startswith(("VARCHAR(", "TEXT(", "CHAR(", "NVARCHAR(")):
        return "TEXT"
    return _SAME_TYPES.get(dialect.read, {}).get(name, name)


BARE_DECIMALS = frozenset({"NUMBER", "DECIMAL", "NUMERIC"})
"""Types of which a warehouse's list leaves out what they hold."""
_CASTING = frozenset({"bigquery", "databricks", "duckdb", "postgres", "snowflake", "spark", "trino"})
"""Dialects in which a cast to the type that a value has leaves it as it is."""
_OWN_WORDS = {
    "duckdb": {"INT": "INTEGER", "INT128": "HUGEINT", "UINT128": "UHUGEINT", "TEXT": "VARCHAR", "UINT": "UINTEGER", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"},
    "snowflake": {"DOUBLE": "FLOAT", "TIMESTAMPNTZ": "TIMESTAMP_NTZ", "TIMESTAMPLTZ": "TIMESTAMP_LTZ", "TIMESTAMPTZ": "TIMESTAMP_TZ"},
    "postgres": {"INT": "INTEGER", "DOUBLE": "DOUBLE PRECISION", "FLOAT": "REAL"},
    "redshift": {"INT": "INTEGER", "DOUBLE": "DOUBLE PRECISION", "FLOAT": "REAL"},
}
"""What warehouses call types that the parser calls otherwise."""


def named_type(name: str, dialect: Dialect) -> str:
    """A type under one name; as it is where it is not known."""
    try:
        built = exp.DataType.build(name, dialect=dialect.read or None)
    except (SqlglotError, ValueError):
        return name.upper()
    return type_name(built, dialect)


def listed_type(name: str, dialect: Dialect) -> str:
    """A type as a warehouse lists it; not told where it leaves out what a decimal holds."""
    return "" if name.strip().upper() in BARE_DECIMALS or not name.strip() else named_type(name, dialect)


def own_words(name: str, dialect: Dialect) -> str:
    """A type in the words of the warehouse, rather than the parser's."""
    base, bracket, rest = name.partition("(")
    own = _OWN_WORDS.get(dialect.read, {}).get(base.strip().upper())
    if own is not None:
        return own + bracket + rest
    if dialect.read == "snowflake" and base == "DECIMAL":
        return "NUMBER" + bracket + rest
    try:
        return exp.DataType.build(name).sql(dialect=dialect.read or None)
    except (SqlglotError, ValueError):
        return name


def keeps_value(kind: str, to: str, dialect: Dialect) -> bool:
    """Whether a cast changes nothing, since the column has that type.

    Args:
        kind: the column's type as the warehouse lists it; empty where it is not known.
        to: the type that it is cast to, under its one name.
        dialect: whose types these are.
    """
    return bool(kind) and dialect.read in _CASTING and not to.startswith(("CHAR", "NCHAR", "BPCHAR")) and listed_type(kind, dialect) == to
