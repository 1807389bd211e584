from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.cli.screen import plain
from armature.cli.words import ResourceName, clock_time, length_of, resource_name, size_of
from tests.armature.cli.states import GROUP, SITE_ID, SUBSCRIPTION

SEGMENT = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (0.9, "0 s"), (59, "59 s"), (60, "1 min 00 s"), (124, "2 min 04 s"), (4320, "1 h 12 min")],
)
def test_a_duration_is_told_in_the_units_that_matter(seconds: float, words: str) -> None:
    assert length_of(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_a_size_is_told_in_the_unit_that_fits(number: int, words: str) -> None:
    assert size_of(number) == words


def test_a_time_of_day_is_told_to_the_second() -> None:
    assert clock_time(datetime(2026, 11, 24, 9, 5, 2, tzinfo=UTC)) == "09:05:02"


@pytest.mark.parametrize(
    ("resource_id", "expected"),
    [
        (SITE_ID, ResourceName("Microsoft.Web/sites", "shop", "rg-shop")),
        (f"{SITE_ID}/functions/hello", ResourceName("Microsoft.Web/sites/functions", "shop/hello", "rg-shop")),
        (
            f"{SITE_ID}/providers/Microsoft.Authorization/roleAssignments/r1",
            ResourceName("Microsoft.Authorization/roleAssignments", "r1", "rg-shop"),
        ),
        (GROUP, ResourceName("Microsoft.Resources/resourceGroups", "rg-shop", "rg-shop")),
        (
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/p",
            ResourceName("Microsoft.Authorization/policyAssignments", "p", ""),
        ),
        ("something else", ResourceName("", "something else", "")),
    ],
)
def test_a_resource_is_named_by_type_name_and_group(resource_id: str, expected: ResourceName) -> None:
    assert resource_name(resource_id) == expected


@given(st.lists(SEGMENT, max_size=12))
def test_any_path_gets_a_name(segments: list[str]) -> None:
    resource_name("/" + "/".join(segments))


@given(st.text())
def test_nothing_that_is_printed_can_drive_the_terminal(text: str) -> None:
    assert not any(character < " " and character not in "\t\n" for character in plain(text))
    assert "\x1b" not in plain(text)


@pytest.mark.parametrize(
    "text", ["##vso[task.setvariable variable=PATH]x", "see ##[error]x", "::error::x", "all is well\n  ::add-mask::x"]
)
def test_nothing_that_is_printed_gives_orders_to_a_pipeline(text: str) -> None:
    shown = plain(text)

    assert "##" not in shown
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())


@pytest.mark.parametrize("text", ["## Armature preview", "fe80::1 and a::b", "# 1 of #2"])
def test_what_is_no_order_is_printed_as_it_is(text: str) -> None:
    assert plain(text) == text
