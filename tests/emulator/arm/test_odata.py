"""Filters of lists."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm.errors import ArmError
from emulator.arm.odata import Call, Comparison, Every, Filter, FilterSyntaxError, Not, Some, read_filter, write_filter
from emulator.arm.routes.filters import reader_of

ITEM = {
    "id": "/subscriptions/s/resourceGroups/Rg/providers/Microsoft.Web/sites/shop",
    "name": "shop",
    "type": "Microsoft.Web/sites",
    "location": "eastus2",
    "tags": {"Env": "prod", "o'k": "x"},
}

WORDS = st.from_regex(r"[a-z_][a-z0-9_./]{0,8}", fullmatch=True).filter(
    lambda w: w not in ("and", "or", "not", "eq", "ne")
)
LEAVES = st.one_of(
    st.builds(Comparison, WORDS, st.booleans(), st.text(max_size=8)),
    st.builds(Call, WORDS, st.lists(st.text(max_size=5), max_size=2).map(tuple)),
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Every, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Some, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(FILTERS)
def test_a_filter_that_is_written_reads_as_the_same(expression: Filter) -> None:
    assert read_filter(write_filter(expression)) == expression


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_as_a_filter(text: str) -> None:
    with contextlib.suppress(FilterSyntaxError):
        read_filter(text)


def test_a_filter_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(FilterSyntaxError):
        read_filter("(" * 10_000)


@pytest.mark.parametrize(
    "text",
    [
        "resourceType eq 'microsoft.web/SITES'",
        "tagName eq 'env' and tagValue eq 'prod'",
        "tagName eq 'o''k'",
        "tagValue eq 'prod'",
        "name eq 'other' or location eq 'eastus2'",
        "not (name eq 'other')",
        "substringof('ho', name) and resourceGroup eq 'rg'",
        "startswith(tagName, 'en')",
        "(resourceType eq 'a/b' or resourceType eq 'Microsoft.Web/sites') and name ne 'x'",
    ],
)
def test_the_item_meets(text: str) -> None:
    assert reader_of(text)(ITEM)


@pytest.mark.parametrize(
    "text",
    [
        "resourceType ne 'Microsoft.Web/sites'",
        "tagName eq 'env' and tagValue eq 'x'",
        "tagName eq 'gone'",
        "substringof('zz', name)",
        "name eq 'shop' and location eq 'westus'",
    ],
)
def test_the_item_does_not_meet(text: str) -> None:
    assert not reader_of(text)(ITEM)


@pytest.mark.parametrize("text", ["name", "name eq", "name gt 'a'", "colour eq 'red'", "name eq 'a' and", "f(name)"])
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ArmError) as refusal:
        reader_of(text)

    assert (refusal.value.status, refusal.value.code) == (400, "InvalidFilterInQueryString")
