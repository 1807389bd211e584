"""Figures that a test wants read: shown at the end of the run, also when the tests ran in several processes."""

from collections.abc import Callable

import pytest

PROPERTY = "figures"

Figures = Callable[[str], None]
"""Takes a text, of one line or more, to show at the end."""


def figures_of(request: pytest.FixtureRequest) -> Figures:
    """What a test calls with its figures; they travel with its report."""
    properties: list[tuple[str, object]] = request.node.user_properties
    return lambda text: properties.append((PROPERTY, text))


def write_figures(reporter: pytest.TerminalReporter) -> None:
    """Show all figures of the run, each under the name of its test."""
    shown = [
        (report.nodeid.rsplit("::", 1)[-1], text)
        for reports in reporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, text in report.user_properties
        if name == PROPERTY
    ]
    if shown:
        reporter.section("figures")
    for test, text in sorted(shown):
        separator = "\n" if "\n" in str(text) else " "
        reporter.write_line(f"{test}:{separator}{text}")
