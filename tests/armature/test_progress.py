"""The bar that people read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.progress import BAR_WIDTH, progress_of


@pytest.mark.parametrize(
    ("completed", "total", "percent", "filled"),
    [(0, 4, 0, 0), (1, 4, 25, 5), (2, 4, 50, 10), (999, 1000, 99, 19), (4, 4, 100, 20), (0, 0, 100, 20)],
)
def test_the_bar_shows_the_share_that_is_done(completed, total, percent, filled):
    progress = progress_of("uploading", completed, total, "going on")

    assert progress.percent == percent
    assert progress.bar == f"uploading | [{'=' * filled}{' ' * (BAR_WIDTH - filled)}] {percent}% | going on"


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_it_says_100_percent_only_when_all_is_done(completed, total):
    progress = progress_of("deploying", completed, total, "")

    assert (progress.percent == 100) == (completed >= total)
