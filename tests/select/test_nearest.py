from __future__ import annotations

from aftershock.select.nearest import nearest


def test_the_closest_names_come_first_in_their_own_case() -> None:
    assert nearest("stg_ordes", ["dim_dates", "stg_orders", "STG_ORDER_ITEMS", "x"]) == ("stg_orders", "STG_ORDER_ITEMS")


def test_the_last_part_of_a_dotted_name_is_tried_alone() -> None:
    assert nearest("some.schema.stg_ordes", ["stg_orders"]) == ("stg_orders",)


def test_nothing_is_near_to_nothing_or_to_an_absurdity() -> None:
    assert nearest("", ["a"]) == ()
    assert nearest("a" * 1000, ["a" * 1000]) == ()
    assert nearest("zzz", ["abc"]) == ()


def test_a_hundred_thousand_names_do_not_hide_the_right_one() -> None:
    names = [f"int_{number:05d}_model" for number in range(100_000)] + ["dim_customers"]
    assert nearest("dim_custmers", names) == ("dim_customers",)
