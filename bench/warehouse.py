"""A made-up warehouse: which models exist, what each reads, and which columns it has.

The shape follows large public projects: domains of 48 models in four layers, 14 sources to a domain,
fan-in 1 to 4, rare reads across domains, and one calendar that a quarter of all marts read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

PACKAGE: Final = "acme"
HUB: Final = f"model.{PACKAGE}.dim_calendar"
"""The model that a fixed share of all marts reads: what lies below it grows with the warehouse."""

DOMAIN_SIZE: Final = 48
SOURCES_PER_DOMAIN: Final = 14
RESOURCES_PER_MODEL: Final = 3.03
"""All resources (tests, sources, exposures … and the model itself) divided by the models."""

_READ_CALENDAR: Final = 0.3
_CROSS_DOMAIN: Final = 0.1
_LAYERS: Final = (("stg", 16), ("int", 14), ("fct", 12), ("rpt", 6))
_SUBJECTS: Final = [
    "order",
    "customer",
    "payment",
    "shipment",
    "invoice",
    "subscription",
    "ticket",
    "session",
    "campaign",
    "refund",
    "product",
    "store",
    "employee",
    "contract",
    "lead",
    "quote",
    "return",
    "visit",
    "click",
    "message",
    "budget",
    "vendor",
    "warehouse",
    "forecast",
]
_COLUMNS: Final = [
    "amount",
    "quantity",
    "status",
    "country",
    "currency",
    "created_at",
    "updated_at",
    "is_active",
    "discount",
    "tax_rate",
    "channel",
    "segment",
    "region",
    "unit_price",
    "margin",
    "score",
    "category",
    "source_system",
    "valid_from",
    "valid_to",
]


@dataclass(frozen=True, slots=True)
class Model:
    """One model: `parents` are unique_ids (sources or models), `columns` start with the key `id`."""

    name: str
    layer: str
    domain: int
    parents: tuple[str, ...]
    columns: tuple[str, ...]
    materialized: str

    @property
    def unique_id(self) -> str:
        """The model's unique_id."""
        return f"model.{PACKAGE}.{self.name}"

    @property
    def relation(self) -> str:
        """The quoted relation that the model builds."""
        return f'"analytics"."{self.layer}_{self.domain:04d}"."{self.name}"'


def source_name(domain: int) -> str:
    """Return the name of a domain's one source."""
    return f"raw_{domain:04d}"


def source_id(domain: int, table: int) -> str:
    """Return the unique_id of a source table, counted from 0 within its domain."""
    return f"source.{PACKAGE}.{source_name(domain)}.{table_name(table)}"


def table_name(table: int) -> str:
    """Return the name of a domain's source table."""
    return f"{_SUBJECTS[table % len(_SUBJECTS)]}_{table}"


def models(count: int, rng: random.Random) -> Iterator[Model]:
    """Yield `count` models, parents before children; the first is the calendar."""
    columns = ("id", "date_day", "month", "quarter", "year")
    yield Model("dim_calendar", "stg", 0, (source_id(0, 0),), columns, "table")
    earlier: list[str] = []
    made = 1
    for domain in range(-(-count // DOMAIN_SIZE)):
        below: list[str] = []
        for layer, size in _LAYERS:
            fresh: list[str] = []
            for position in range(min(size, count - made)):
                model = _model(layer, domain, position, _parents(layer, domain, below, earlier, rng), rng)
                yield model
                fresh.append(model.unique_id)
            made += len(fresh)
            below = fresh if layer == "fct" else [*below, *fresh]
            if layer == "int":
                earlier = [*earlier[-40:], *fresh[:4]]


def _model(layer: str, domain: int, position: int, parents: tuple[str, ...], rng: random.Random) -> Model:
    """Build one model of a layer."""
    subject = _SUBJECTS[(domain + position) % len(_SUBJECTS)]
    columns = ("id", *rng.sample(_COLUMNS, rng.randint(9, 16)))
    name = f"{layer}_{domain:04d}_{subject}_{position}"
    return Model(name, layer, domain, parents, columns, _materialized(layer, rng))


def _parents(layer: str, domain: int, below: Sequence[str], earlier: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    """Choose what a model reads: one source for staging, else one to four of the layers below."""
    if layer == "stg":
        return (source_id(domain, rng.randrange(SOURCES_PER_DOMAIN)),)
    chosen = rng.sample(below, min(len(below), rng.choice((1, 1, 2, 2, 2, 3, 3, 4))))
    if layer == "fct" and len(chosen) > 1:
        chance = rng.random()
        if chance < _READ_CALENDAR:
            chosen[-1] = HUB
        elif chance < _READ_CALENDAR + _CROSS_DOMAIN and earlier:
            chosen[-1] = rng.choice(earlier)
    return tuple(dict.fromkeys(chosen))


def _materialized(layer: str, rng: random.Random) -> str:
    """Choose how a model is built: the usual habits of each layer."""
    habits = {
        "stg": ("view",),
        "int": ("view", "view", "table"),
        "fct": ("table", "incremental"),
        "rpt": ("table", "view"),
    }
    return rng.choice(habits[layer])
