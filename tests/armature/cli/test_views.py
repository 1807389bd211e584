import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console, RenderableType

from armature.cli.lines import LinesView
from armature.cli.live import LiveView, picture
from armature.cli.problem_list import print_problems
from armature.cli.result import print_outcome
from armature.events import NumberedEvent
from armature.problems import Problem, ProblemCode, Severity
from armature.state import DeploymentState
from tests.armature.cli.states import (
    GROUP,
    SITE_ID,
    STARTED,
    a_cancelled_state,
    a_completed_state,
    a_failed_state,
    a_failure,
    a_partial_state,
    a_rollback,
    a_rolled_back_state,
    a_state,
    a_template,
    a_warning,
    an_event,
)

LINEAGE = {"project": "shop", "environment": "prod", "key": "k"}
SO_FAR = dict.fromkeys(("preparing", "uploading", "deploying"), STARTED)
PHASES = dict.fromkeys(("preparing", "uploading", "deploying", "rollingBack"), STARTED)
NOW = datetime(2026, 11, 24, 9, 16, 5, tzinfo=UTC)


def console() -> Console:
    return Console(file=io.StringIO(), width=120, highlight=False)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def drawn(renderable: RenderableType) -> str:
    paper = console()
    paper.print(renderable)
    return text_of(paper)


def lines_of(state: dict[str, Any]) -> list[str]:
    return drawn(picture(DeploymentState.load(state), NOW)).splitlines()


def outcome(state: dict[str, Any]) -> str:
    paper = console()
    print_outcome(paper, DeploymentState.load(state))
    return text_of(paper)


def test_a_running_deployment_is_drawn_with_phases_bar_and_templates() -> None:
    plan = a_template(
        "plan", status="succeeded", attempt=1, resourcesDone=1, resourcesTotal=1, **took("09:15:10", "09:15:30")
    )
    web = a_template(
        "web",
        status="running",
        attempt=2,
        startedAt="2026-11-24T09:15:35Z",
        resourcesDone=1,
        resourcesTotal=3,
        linkedDeployments=[{"id": "x", "name": "web-site", "status": "Running"}],
    )
    state = a_state(templates=[plan, web, a_template("alerts")])

    assert drawn(picture(DeploymentState.load(state), NOW)) == "\n".join(
        [
            "shop-1  deploying  1 min 05 s",
            "✓ preparing  ✓ uploading  ● deploying",
            "━━━━━━━━━━━━━━━───────────────  50%  1 of 2 templates",
            "Template      Status     Attempt  Resources  Time",
            "plan          succeeded        1        1/1  20 s",
            "web           running          2        1/3  30 s",
            "  └ web-site  Running",
            "alerts        waiting",
        ]
    )


def test_where_the_table_would_not_fit_templates_at_rest_are_counted() -> None:
    done = [a_template(f"done-{number}", status="succeeded") for number in range(20)]
    waiting = [a_template(f"later-{number}") for number in range(30)]
    state = a_state(templates=[*done, a_template("web", status="running"), *waiting])

    lines = drawn(picture(DeploymentState.load(state), NOW, height=24)).splitlines()

    assert [line for line in lines if "done-" in line or "later-" in line] == []
    assert lines[-2].startswith("web")
    assert lines[-1] == "and 20 succeeded, 30 waiting"


@pytest.mark.parametrize(
    ("state", "phases"),
    [
        (a_failed_state(), "✓ preparing  ✓ uploading  ✗ deploying"),
        (a_cancelled_state(), "✓ preparing  ✓ uploading  ✗ deploying"),
        (a_rolled_back_state(), "✓ preparing  ✓ uploading  ✗ deploying  ✓ rollingBack"),
        (a_partial_state(), "✓ preparing  ✓ uploading  ✗ deploying  ✗ rollingBack"),
        (a_rolled_back_state(purpose="rollBack"), "✓ rollingBack"),
        (a_completed_state(), "✓ preparing  ✓ uploading  ✓ deploying"),
        (
            a_state(phase="previewing", phases={"preparing": STARTED, "previewing": STARTED}),
            "✓ preparing  ● previewing  ○ uploading  ○ deploying",
        ),
        (
            a_state(phase="cleaningUp", phases={**SO_FAR, "validating": STARTED, "cleaningUp": STARTED}),
            "✓ preparing  ✓ uploading  ✓ deploying  ✓ validating  ● cleaningUp",
        ),
        (a_state(phase="preparing", options={"mode": "WhatIf"}), "● preparing  ○ previewing"),
    ],
)
def test_the_phase_that_did_not_do_what_it_is_for_is_marked(state: dict[str, Any], phases: str) -> None:
    assert lines_of(state)[1] == phases


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({}, "waits for shop-0"),
        ({"position": 1}, "waits for shop-0, 1st in the queue"),
        ({"position": 3}, "waits for shop-0, 3rd in the queue"),
    ],
)
def test_a_queued_deployment_says_whom_it_waits_for_and_its_place(place: dict[str, Any], words: str) -> None:
    state = a_state(status="queued", lineage={**LINEAGE, "holder": "shop-0", **place})

    assert lines_of(state)[0].endswith(words)


def test_the_time_that_is_left_is_told() -> None:
    assert "3 min 55 s left" in lines_of(a_state(deadline="2026-11-24T09:20:00Z"))[0]


def test_a_template_that_is_tried_again_says_when_and_why() -> None:
    failure = a_failure(code="ServerBusy", message="Too much to do.")
    web = a_template("web", status="retrying", attempt=2, maxAttempts=3, failure=failure)

    later = lines_of(a_state(templates=[{**web, "nextAttemptAt": "2026-11-24T09:16:17Z"}]))[-1]
    due = lines_of(a_state(templates=[{**web, "nextAttemptAt": "2026-11-24T09:16:01Z"}]))[-1]

    assert later.split() == "web retrying 2/3 again in 12 s; ServerBusy: Too much to do.".split()
    assert "again now" in due


def test_a_template_that_waits_says_for_what() -> None:
    web = a_template("web", status="retrying", attempt=1, maxAttempts=3, waitingFor="manual-1 of ana")

    assert "waits for manual-1 of ana" in lines_of(a_state(templates=[web]))[-1]


def test_a_long_reason_stays_in_its_line() -> None:
    failure = a_failure(message="word " * 100 + "\nand more")
    templates = [a_template("web", status="failed", attempt=1, failure=failure), a_template("alerts")]

    lines = lines_of(a_state(templates=templates))

    assert [line.split()[0] for line in lines[-2:]] == ["web", "alerts"]
    assert lines[-2].endswith("…")


def test_a_cancellation_is_told_with_who_asked_for_it_and_why() -> None:
    stop = {"reason": "cancelled", "at": "2026-11-24T09:16:00Z", "by": "ana", "comment": "wrong bundle"}

    assert lines_of(a_state(stop=stop))[1] == "cancelling: asked for by ana at 09:16:00 UTC: wrong bundle"


def test_a_timeout_is_told_while_what_is_in_flight_ends() -> None:
    stop = {"reason": "timedOut", "at": "2026-11-24T09:16:00Z"}

    assert lines_of(a_state(stop=stop))[1] == "stopping: its time was over at 09:16:00 UTC"


def test_a_rollback_is_drawn_with_what_is_deployed_again_and_deleted() -> None:
    plan = a_template("plan", status="running", attempt=1, maxAttempts=3)
    rollback = a_rollback(status="running", templates=[plan], toDelete=5, message="Deleting.")

    lines = lines_of(a_state(status="rollingBack", phase="rollingBack", phases=PHASES, rollback=rollback))

    assert lines[-3:] == [
        "rollback to shop-0: running, 1 of 5 resources deleted",
        "Deployed again  Status   Attempt  Resources  Time",
        "plan            running      1/3",
    ]
    assert "✗ deploying  ● rollingBack" in lines[1]


def test_the_last_warnings_are_drawn() -> None:
    warnings = [a_warning(key=str(number), message=f"Warning {number}.") for number in range(5)]

    lines = lines_of(a_state(warnings=warnings))

    assert lines[-3:] == ["warning: Warning 2.", "warning: Warning 3.", "warning: Warning 4."]


def test_a_picture_of_much_at_once_keeps_to_the_height_of_the_terminal() -> None:
    many = [a_template(f"t{number}", status="running", attempt=1) for number in range(9)]
    again = [a_template(f"t{number}", status="succeeded") for number in range(40)]
    rollback = a_rollback(status="running", templates=again)
    state = a_state(status="rollingBack", phases=PHASES, templates=many, rollback=rollback, warnings=[a_warning()])

    assert len(drawn(picture(DeploymentState.load(state), NOW, height=24)).splitlines()) <= 24


def test_the_last_picture_stays_on_the_screen() -> None:
    screen = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)

    with LiveView(screen, now=lambda: NOW) as view:
        view.notice("lost contact")
        view.show(DeploymentState.load(a_completed_state()))

    assert "lost contact" in text_of(screen)
    assert "shop-1  completed" in text_of(screen)


def test_events_are_plain_lines() -> None:
    paper = console()
    events = [
        an_event(1, "plan started.", template="plan"),
        an_event(3, "Attempt 1.", template="plan"),
        an_event(2, "Quota \x1b[31mis [bold]low[/bold].", level="warning"),
    ]

    LinesView(paper, console()).events([NumberedEvent.load(event) for event in events])

    assert (
        text_of(paper)
        == "09:15:00 plan started.\n09:15:00 plan: Attempt 1.\n09:15:00 warning: Quota  [31mis [bold]low[/bold]."
    )


def test_a_completed_deployment_lists_every_resource() -> None:
    assert outcome(a_completed_state()) == "\n".join(
        [
            "",
            "Type                       Name       Resource group",
            "Microsoft.Web/serverfarms  plan-shop  rg-shop",
            "Microsoft.Web/sites        shop       rg-shop",
            "",
            "shop-1 completed in 2 min 05 s: 2 templates deployed.",
        ]
    )


WHY_IT_FAILED = [
    "",
    "archive failed at attempt 2 of 3",
    "  AccountNameInvalid: Archive1 is not a valid storage account name.",
    "    in templates/archive.json#/resources/0",
    f"    at {GROUP}/providers/Microsoft.Storage/storageAccounts/Archive1",
    "  → Correct the template or its parameters in the bundle and deploy again.",
    "  Documentation: https://learn.microsoft.com/azure/x",
    "  Portal: https://portal.azure.com/#view/x",
    "  Correlation id: 11111111-1111-1111-1111-111111111111",
    "",
    "Not started: web.",
    "",
]


def test_a_failed_deployment_tells_what_why_what_is_there_and_what_next() -> None:
    assert outcome(a_failed_state(rollback={"available": True})) == "\n".join(
        [
            "",
            "shop-1 failed in 2 min 05 s: archive failed.",
            *WHY_IT_FAILED,
            "It was not rolled back. What was deployed stays:",
            "Type                       Name       Resource group",
            "Microsoft.Web/serverfarms  plan-shop  rg-shop",
            "Parts of archive may exist, too.",
            "",
            "Next:",
            "  armature resume shop-1    goes on where it stopped, once nothing stands in its way",
            "  armature rollback shop-1  puts everything back as it was",
            "  armature deploy BUNDLE    where the bundle itself must change",
        ]
    )


def test_what_was_refused_at_the_gate_offers_no_rollback_as_nothing_was_touched() -> None:
    gate = {"previewing": STARTED}
    told = outcome(a_failed_state(templates=[], hasTouched=False, phases=gate, rollback={"available": False}))

    assert told.endswith(
        "\n".join(
            [
                "Nothing was deployed.",
                "",
                "Next:",
                "  armature resume shop-1  asks again, and deploys once nothing stands in its way",
                "  armature deploy BUNDLE  where the bundle itself must change",
            ]
        )
    )


def test_what_was_cancelled_in_the_queue_is_deployed_anew() -> None:
    told = outcome(a_cancelled_state(templates=[], hasTouched=False, rollback={"available": False}))

    assert told.endswith("Nothing was deployed.\n\nNext: deploy again when you want it.")


def test_a_rolled_back_deployment_tells_what_was_put_back_and_what_was_deleted() -> None:
    assert outcome(a_rolled_back_state()) == "\n".join(
        [
            "",
            "shop-1 rolledBack in 2 min 05 s: archive failed.",
            *WHY_IT_FAILED,
            "Everything is as it was before: 1 deployed again, 1 deleted.",
            "Deployed again, as in shop-0: plan.",
            "Deleted, because this deployment had created it:",
            "Type                 Name  Resource group",
            "Microsoft.Web/sites  shop  rg-shop",
            "",
            "Next: mend the cause and deploy again.",
        ]
    )


def test_a_rollback_that_left_something_names_it_with_the_reason_and_can_be_asked_for_again() -> None:
    told = outcome(a_partial_state())

    assert told.endswith(
        "\n".join(
            [
                "1 resource could not be put back.",
                "Deployed again, as in shop-0: plan.",
                "Deleted, because this deployment had created it:",
                "Type                       Name       Resource group",
                "Microsoft.Web/serverfarms  plan-shop  rg-shop",
                "",
                "Left over: 1 resource",
                f"  {SITE_ID}",
                "    A lock forbids to delete it.",
                "    → Remove the lock keep-it.",
                "",
                "Next:",
                "  armature rollback shop-1  tries again to undo the rest, once nothing stands in its way",
            ]
        )
    )


def test_a_cancelled_deployment_tells_who_and_why_and_what_stays() -> None:
    assert outcome(a_cancelled_state()) == "\n".join(
        [
            "",
            "shop-1 cancelled in 2 min 05 s: Cancelled on request.",
            "Cancelled by ana at 09:16:00 UTC: wrong bundle",
            "",
            "Cancelled in flight: web.",
            "",
            "Not started: alerts.",
            "",
            "It was not rolled back. What was deployed stays:",
            "Type                       Name       Resource group",
            "Microsoft.Web/serverfarms  plan-shop  rg-shop",
            "Parts of web may exist, too.",
            "",
            "Next:",
            "  armature resume shop-1    goes on where it stopped, once nothing stands in its way",
            "  armature rollback shop-1  puts everything back as it was",
            "  armature deploy BUNDLE    where the bundle itself must change",
        ]
    )


def test_a_deployment_that_timed_out_tells_its_timeout() -> None:
    stop = {"reason": "timedOut", "at": "2026-11-24T09:16:00Z"}

    told = outcome(a_failed_state(stop=stop, options={"timeout": 1.5}))

    assert "Given up at 09:16:00 UTC, after its timeout of 1.5 minutes." in told


def test_a_deployment_that_never_started_anything_left_nothing() -> None:
    told = outcome(a_cancelled_state(templates=[a_template("plan", status="skipped")], rollback={}))

    assert told.endswith("Nothing was deployed.\n\nNext: deploy again when you want it.")


def test_what_was_cancelled_before_it_began_says_so_once() -> None:
    told = outcome(a_cancelled_state(templates=[a_template("plan", status="skipped")], message="Cancelled."))

    assert told.count("Cancelled") == 1


def test_a_refused_bundle_is_to_be_corrected_and_nothing_else_helps() -> None:
    problem = {"code": "CloudMismatch", "message": "Other cloud.", "nextStep": "Change it.", "severity": "error"}

    told = outcome(a_failed_state(templates=[], failures=[], problems=[problem]))

    assert told.endswith("Nothing was deployed.\n\nNext: correct the bundle and deploy it again.")


def test_of_a_deployment_that_is_kept_no_longer_nothing_more_can_be_asked() -> None:
    can_be_undone = {"available": True}

    assert "armature resume" in outcome(a_failed_state(rollback=can_be_undone))
    assert "armature resume" not in outcome(a_failed_state(rollback=can_be_undone, retiredAt="2026-12-24T09:16:00Z"))


def test_a_further_run_takes_as_long_as_it_takes_itself() -> None:
    phases = {"pending": "2026-11-24T09:17:00Z", "rollingBack": "2026-11-24T09:17:00Z"}

    assert "shop-1 rolledBack in 5 s" in outcome(a_rolled_back_state(purpose="rollBack", phases=phases))


def test_a_place_that_the_suggestion_names_is_not_told_twice() -> None:
    place = "templates/archive.json#/resources/0"
    failure = a_failure(suggestion=f"Correct it. Place: {place}.")
    template = a_template("archive", status="failed", failure=failure)

    assert outcome(a_failed_state(templates=[template], failures=[failure])).count(place) == 1


def test_warnings_are_told_at_the_end_too() -> None:
    told = outcome(a_completed_state(warnings=[a_warning()]))

    assert "warning  ForeignDeployment\n  Somebody deploys to rg-shop: manual-1." in told


def test_of_a_running_deployment_the_outcome_is_where_it_is() -> None:
    told = outcome(a_state(message="Working.", templates=[a_template("web", status="running", attempt=1)]))

    assert "web       running" in told
    assert told.endswith("shop-1 deploying: Working.")


def test_a_failure_that_no_template_had_is_told_too() -> None:
    told = outcome(a_failed_state(failures=[a_failure(code="AuthorizationFailed", message="No.", causes=[])]))

    assert "  AuthorizationFailed: No." in told


def test_problems_are_grouped_by_file_in_the_order_of_their_places() -> None:
    paper = console()
    problems = [
        Problem(ProblemCode.FILE_MISSING, "No such file.", "Add it.", file="z.json"),
        Problem(ProblemCode.EXPRESSION_SYNTAX, "Odd [x].", "Mend it.", "a.json", "/outputs/b", 9, 3),
        Problem(ProblemCode.PLAIN_TEXT_SECRET, "A secret.", "Hide it.", "a.json", "/x", 2, 1, Severity.WARNING),
        Problem(ProblemCode.BUNDLE_TOO_LARGE, "Big.", "Shrink it."),
    ]

    print_problems(paper, problems)

    assert text_of(paper) == "\n".join(
        [
            "",
            "the bundle",
            "  error  BundleTooLarge",
            "    Big.",
            "    → Shrink it.",
            "",
            "a.json",
            "  warning  PlainTextSecret  2:1  /x",
            "    A secret.",
            "    → Hide it.",
            "  error  ExpressionSyntax  9:3  /outputs/b",
            "    Odd [x].",
            "    → Mend it.",
            "",
            "z.json",
            "  error  FileMissing",
            "    No such file.",
            "    → Add it.",
            "",
            "3 errors, 1 warning.",
        ]
    )


def took(start: str, end: str) -> dict[str, str]:
    return {"startedAt": f"2026-11-24T{start}Z", "finishedAt": f"2026-11-24T{end}Z"}
