"""Checks as people read them."""

import io

from rich.console import Console

from armature.checks import CheckKind, CheckResult, CheckState
from armature.checks.tallying import validation_state
from armature.cli.check_list import checks_in_progress, counts_of, print_check_summary, print_checks

CHECKS = [
    CheckState(key="a", kind=CheckKind.RESOURCE, subject="thing a", result=CheckResult.PASS, message="It is there."),
    CheckState(
        key="b",
        kind=CheckKind.ENDPOINT,
        subject="https://b.example/\x1b[31m",
        result=CheckResult.FAIL,
        message="It answers 500, not 2xx.",
        recommendation="See the log of the app for the reason.",
    ),
    CheckState(key="c", kind=CheckKind.ENDPOINT, subject="web.url", message="It answers 503, not 2xx."),
]


def printed(act) -> str:  # type: ignore[no-untyped-def]
    console = Console(file=io.StringIO(), width=160)
    act(console)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_each_is_a_row_with_what_to_do_below_it_and_no_control_characters() -> None:
    shown = printed(lambda console: print_checks(console, CHECKS))

    assert "It answers 500, not 2xx." in shown
    assert "→ See the log of the app for the reason." in shown
    assert "\x1b" not in shown
    assert counts_of(CHECKS) == "1 waiting, 1 pass, 1 fail"


def test_while_they_go_on_only_what_is_not_good_is_drawn_within_the_height() -> None:
    state = validation_state(1, CHECKS)

    lines = [line.plain for line in checks_in_progress(state, 10)]

    assert [line.split()[0] for line in lines] == ["fail", "waiting"]
    assert checks_in_progress(state, 1)[0].plain.startswith("fail")
    assert checks_in_progress(state, -1) == []


def test_a_completed_deployment_tells_what_its_checks_came_to() -> None:
    passed = validation_state(1, CHECKS[:1])

    assert printed(lambda console: print_check_summary(console, passed)).strip() == "1 of 1 check passed."
    assert printed(lambda console: print_check_summary(console, None)) == ""
