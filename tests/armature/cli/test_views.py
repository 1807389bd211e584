import io
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, RenderableType

from armature.cli.lines import LinesView
from armature.cli.live import LiveView, picture
from armature.cli.result import print_outcome, print_problems
from armature.events import NumberedEvent
from armature.problems import Problem, ProblemCode, Severity
from armature.state import DeploymentState
from tests.armature.cli.states import GROUP, a_completed_state, a_failed_state, a_failure, a_state, a_template, an_event

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
            "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  50%  1 of 2 templates",
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


def test_the_phase_in_which_it_failed_is_marked() -> None:
    assert "✓ uploading  ✗ deploying" in drawn(picture(DeploymentState.load(a_failed_state()), NOW))


def test_a_queued_deployment_says_whom_it_waits_for() -> None:
    lineage = {"project": "shop", "environment": "prod", "key": "k", "holder": "shop-0"}

    assert "waits for shop-0" in drawn(picture(DeploymentState.load(a_state(status="queued", lineage=lineage)), NOW))


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


def test_a_failed_deployment_tells_the_causes_what_to_do_and_where_to_look() -> None:
    assert outcome(a_failed_state()) == "\n".join(
        [
            "",
            "Type                       Name       Resource group",
            "Microsoft.Web/serverfarms  plan-shop  rg-shop",
            "",
            "archive failed at attempt 2",
            "  AccountNameInvalid: Archive1 is not a valid storage account name.",
            f"    at {GROUP}/providers/Microsoft.Storage/storageAccounts/Archive1",
            "  → Correct the template or its parameters in the bundle and deploy again.",
            "  Portal: https://portal.azure.com/#view/x",
            "  Correlation id: 11111111-1111-1111-1111-111111111111",
            "",
            "Not started: web.",
            "",
            "shop-1 failed in 2 min 05 s: archive failed.",
        ]
    )


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
