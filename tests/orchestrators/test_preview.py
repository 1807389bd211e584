"""Previews: each template asked about until it is told, a few at a time, and nothing else ever called."""

import json
from datetime import timedelta
from typing import Any

import pytest

from armature.control import CONTROL_EVENT
from armature.errors import FailureClass, failure
from armature.messages import (
    Answer,
    AskingAnswer,
    BundleAnswer,
    ControlAnswer,
    DeploymentInput,
    FinishAnswer,
    GateAnswer,
    Outcome,
    PreviewAnswer,
    PreviewGraphAnswer,
    PreviewInput,
    TemplatePreviewAnswer,
    TurnAnswer,
)
from armature.messages.cleaning import DoomedAnswer
from armature.options import Mode, Options, RetryPolicy
from armature.state import Status, StopReason
from orchestrators.deployment import blueprint as deployment_blueprint
from orchestrators.preview import CALLS_PER_HISTORY, blueprint
from tests.orchestrators.simulation import START, Lasting, Simulation, orchestrator_of, replayed

BUSY = failure(FailureClass.TRANSIENT, "ServerBusy", "ARM is busy.")
GONE = failure(FailureClass.MISSING_DEPENDENCY, "BundleNotFound", "There is no bundle.")
TOLD = PreviewAnswer(message="What-if: 1 to create.", templates=3, creates=1, digest="d")
POLICY = RetryPolicy(max_attempts=3, first_interval_seconds=5)


def simulation(
    total: int = 3,
    preview_template: Any = lambda _: TemplatePreviewAnswer().dump(),
    read_control: Any = lambda _: ControlAnswer().dump(),
    raised: tuple[tuple[float, str], ...] = (),
    concurrency: int = 2,
    **parts: Any,
) -> Simulation:
    options = Options(max_concurrency=concurrency, retry_policy=POLICY)
    responds = {
        "read_preview_graph": lambda _: PreviewGraphAnswer(templates=total).dump(),
        "preview_template": preview_template,
        "read_control": read_control,
        "merge_previews": lambda _: TOLD.dump(),
    }
    work = PreviewInput(deployment_id="d-1", options=options, **parts)
    return Simulation(orchestrator_of(blueprint, "preview"), work.dump(), responds, raised=raised)


def test_every_template_is_asked_about_once_and_all_are_merged() -> None:
    asked = simulation(total=7)

    assert PreviewAnswer.load(asked.run()) == TOLD
    assert sorted(work["index"] for work in asked.called("preview_template")) == list(range(7))
    assert len(asked.called("merge_previews")) == 1


def test_no_more_than_the_concurrency_are_asked_about_at_once() -> None:
    asked = simulation(total=6, concurrency=2, preview_template=lambda _: Lasting(TemplatePreviewAnswer().dump(), 10))

    asked.run()

    times = [call.at.timestamp() for call in asked.calls if call.name == "preview_template"]
    assert max(sum(start <= time < start + 9.9 for time in times) for start in times) == 2


def test_what_azure_works_on_is_looked_at_again_after_as_long_as_it_asks_for() -> None:
    looks: list[int] = []

    def preview_template(work: dict[str, Any]) -> dict[str, Any]:
        looks.append(work["index"])
        is_done = looks.count(work["index"]) > 2
        return TemplatePreviewAnswer(is_done=is_done, retry_after_seconds=None if is_done else 20).dump()

    asked = simulation(total=1, preview_template=preview_template)

    asked.run()

    assert looks == [0, 0, 0]
    assert (asked.now - START).total_seconds() >= 40


def test_a_passing_failure_is_tried_again_and_one_for_good_is_left_to_the_merged_preview() -> None:
    tries: list[int] = []

    def preview_template(work: dict[str, Any]) -> dict[str, Any]:
        tries.append(work["index"])
        return TemplatePreviewAnswer(failure=BUSY if work["index"] == 0 else None).dump()

    asked = simulation(total=2, preview_template=preview_template)

    assert PreviewAnswer.load(asked.run()) == TOLD
    assert sorted(tries) == [0, 0, 0, 1]


def test_a_lost_activity_is_tried_again() -> None:
    tries: list[int] = []

    def preview_template(work: dict[str, Any]) -> dict[str, Any]:
        tries.append(work["index"])
        if len(tries) == 1:
            raise RuntimeError("the worker died")
        return TemplatePreviewAnswer().dump()

    asked = simulation(total=1, preview_template=preview_template)

    assert PreviewAnswer.load(asked.run()) == TOLD
    assert tries == [0, 0]


def test_a_cancellation_ends_the_waits_and_asks_nothing_new() -> None:
    is_asked: list[bool] = []

    def read_control(_: dict[str, Any]) -> dict[str, Any]:
        is_asked.append(True)
        return ControlAnswer(is_cancelled=True, cancelled_by="ann").dump()

    def preview_template(_: dict[str, Any]) -> dict[str, Any]:
        return TemplatePreviewAnswer(is_done=False, retry_after_seconds=600).dump()

    asked = simulation(
        total=9, preview_template=preview_template, read_control=read_control, raised=((5, CONTROL_EVENT),)
    )

    answer = PreviewAnswer.load(asked.run())

    assert (answer.stop, answer.is_cancelled, answer.cancelled_by) == (StopReason.CANCELLED, True, "ann")
    assert len(asked.called("preview_template")) == 2
    assert asked.called("merge_previews") == []
    assert (asked.now - START).total_seconds() < 10


def test_an_activity_that_hears_of_a_cancellation_ends_it_too() -> None:
    asked = simulation(total=9, preview_template=lambda _: TemplatePreviewAnswer(is_cancelled=True).dump())

    assert PreviewAnswer.load(asked.run()).stop is StopReason.CANCELLED
    assert len(asked.called("preview_template")) == 2


def test_an_event_that_asks_nothing_of_it_stops_nothing() -> None:
    slow = Lasting(TemplatePreviewAnswer().dump(), 10)

    asked = simulation(preview_template=lambda _: slow, raised=((5, CONTROL_EVENT),))

    assert PreviewAnswer.load(asked.run()) == TOLD
    assert len(asked.called("read_control")) == 1


def test_after_the_deadline_nothing_is_asked_and_what_is_known_is_merged() -> None:
    waiting = TemplatePreviewAnswer(is_done=False, retry_after_seconds=60).dump()

    asked = simulation(total=9, preview_template=lambda _: waiting, deadline=START + timedelta(seconds=90))

    assert PreviewAnswer.load(asked.run()) == TOLD
    assert (asked.now - START).total_seconds() < 90


def test_a_history_does_not_grow_without_end() -> None:
    asked = simulation(total=CALLS_PER_HISTORY + 20, concurrency=50)

    assert PreviewAnswer.load(asked.run()) == TOLD
    assert asked.executions == 2
    assert sorted(work["index"] for work in asked.called("preview_template")) == list(range(CALLS_PER_HISTORY + 20))


def test_a_plan_that_can_not_be_read_is_told_as_a_failure() -> None:
    asked = simulation()
    asked.responds = {**asked.responds, "read_preview_graph": lambda _: PreviewGraphAnswer(failure=GONE).dump()}

    answer = PreviewAnswer.load(asked.run())

    assert answer.failure == GONE
    assert asked.called("preview_template") == []


def deployment(
    answer: Any, *, is_previewed: bool = False, doomed: DoomedAnswer | None = None, **options: Any
) -> Simulation:
    """A deployment up to where it would touch the world: nothing answers there."""

    def told(_: dict[str, Any]) -> dict[str, Any]:
        if isinstance(answer, Exception):
            raise answer
        return answer.dump()

    job = DeploymentInput(deployment_id="d-1", generation=3, options=Options(retry_policy=POLICY, **options))
    responds = {
        "record_phase": lambda _: Answer().dump(),
        "read_bundle": lambda _: BundleAnswer(artifacts=3, lineage_key="k").dump(),
        "preview": told,
        "merge_previews": told,
        "list_doomed": lambda _: (doomed or DoomedAnswer(list_id="l-1")).dump(),
        "take_turn": lambda _: TurnAnswer(is_ours=True).dump(),
        "open_gate": lambda _: GateAnswer(is_previewed=is_previewed).dump(),
        "ask_for_approval": lambda _: AskingAnswer(failure=GONE).dump(),
        "finish_deployment": lambda work: FinishAnswer(
            status=Status.COMPLETED if Outcome.load(work["outcome"]).is_good else Status.FAILED
        ).dump(),
        "release_turn": lambda _: Answer().dump(),
        "send_result": lambda _: Answer().dump(),
        "send_notice": lambda _: Answer().dump(),
    }
    return Simulation(orchestrator_of(deployment_blueprint, "deployment"), job.dump(), responds)


def outcome(simulated: Simulation) -> Outcome:
    [end] = simulated.called("finish_deployment")
    return Outcome.load(end["outcome"])


@pytest.mark.parametrize("options", [{"mode": Mode.WHAT_IF}, {"mode": Mode.VALIDATE}, {"dry_run": True}])
def test_a_deployment_that_only_previews_takes_no_turn_and_touches_nothing(options: dict[str, Any]) -> None:
    simulated = deployment(TOLD, **options)

    simulated.run()

    assert outcome(simulated) == Outcome(message=TOLD.message)
    called = {call.name for call in simulated.calls}
    assert not called & {"take_turn", "open_gate", "prepare_target", "upload", "rollout", "rollback"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (TOLD.model_copy(update={"refused": 1, "refusal_message": "Azure refuses web."}), "TemplatesRefused"),
        (TOLD.model_copy(update={"failure": GONE}), "BundleNotFound"),
        (RuntimeError("the host died"), "PreviewLost"),
    ],
)
def test_what_is_refused_or_can_not_be_told_at_all_fails(answer: Any, code: str) -> None:
    simulated = deployment(answer, mode=Mode.VALIDATE)

    simulated.run()

    why = outcome(simulated).failure
    assert why is not None
    assert why.code == code


def test_a_cancelled_preview_is_a_cancelled_deployment() -> None:
    cancelled = PreviewAnswer(is_cancelled=True, cancelled_by="ann", stop=StopReason.CANCELLED)
    simulated = deployment(cancelled, mode=Mode.WHAT_IF)

    simulated.run()

    assert outcome(simulated).stop is StopReason.CANCELLED
    assert simulated.called("rollback") == []


def test_the_gate_is_told_of_what_would_be_lost() -> None:
    losing = TOLD.model_copy(update={"deletions": 2, "replacements": 1})
    simulated = deployment(losing, is_previewed=True)

    simulated.run()

    [asked] = simulated.called("ask_for_approval")
    assert {"deletions": 2, "replacements": 1, "digest": "d"}.items() <= asked["findings"].items()


@pytest.mark.parametrize("answer", [TOLD, TOLD.model_copy(update={"failure": GONE}), RuntimeError("the host died")])
def test_without_losses_and_without_a_preview_the_gate_asks_for_nothing_of_its_own(answer: Any) -> None:
    simulated = deployment(answer, is_previewed=True)

    simulated.run()

    [asked] = simulated.called("ask_for_approval")
    assert asked["findings"]["digest"] == ""
    assert asked["findings"]["deletions"] == 0


def test_what_azure_refuses_ends_the_deployment_at_the_gate() -> None:
    simulated = deployment(
        TOLD.model_copy(update={"refused": 1, "refusal_message": "Azure refuses web."}), is_previewed=True
    )

    simulated.run()

    assert outcome(simulated).message == "Azure refuses web. Nothing was touched."
    assert not {call.name for call in simulated.calls} & {"ask_for_approval", "prepare_target", "rollback"}


def test_where_the_settings_want_no_preview_none_is_made() -> None:
    simulated = deployment(TOLD)

    simulated.run()

    assert simulated.called("preview") == []


def test_a_dry_run_of_mode_complete_lists_what_would_be_deleted_before_all_is_merged() -> None:
    simulated = deployment(TOLD, mode=Mode.COMPLETE, dry_run=True)

    simulated.run()

    steps = ("list_doomed", "merge_previews", "preview")
    assert [call.name for call in simulated.calls if call.name in steps] == ["preview", "list_doomed", "merge_previews"]
    assert [work["isMerged"] for work in simulated.called("preview")] == [False]
    assert outcome(simulated) == Outcome(message=TOLD.message)


def test_a_dry_run_of_mode_complete_that_can_not_be_told_lists_nothing() -> None:
    simulated = deployment(TOLD.model_copy(update={"failure": GONE}), mode=Mode.COMPLETE, dry_run=True)

    simulated.run()

    assert outcome(simulated).failure == GONE
    assert simulated.called("list_doomed") == []


def test_a_preview_that_is_not_to_be_merged_leaves_the_parts_as_they_are() -> None:
    asked = simulation(total=2, is_merged=False)

    answer = PreviewAnswer.load(asked.run())

    assert answer == PreviewAnswer(templates=2)
    assert len(asked.called("preview_template")) == 2
    assert asked.called("merge_previews") == []


@pytest.mark.parametrize(
    ("doomed", "stop"), [(DoomedAnswer(failure=GONE), None), (DoomedAnswer(is_cancelled=True), StopReason.CANCELLED)]
)
def test_a_dry_run_without_the_list_of_deletions_is_none(doomed: DoomedAnswer, stop: StopReason | None) -> None:
    simulated = deployment(TOLD, doomed=doomed, mode=Mode.COMPLETE, dry_run=True)

    simulated.run()

    assert outcome(simulated).stop is stop
    assert not outcome(simulated).is_good
    assert simulated.called("merge_previews") == []


def test_a_host_that_awaits_what_is_new_is_held_up_by_none_of_it() -> None:
    """A host performs the actions one after the other: what starts an activity must not wait for that alone."""
    asked = simulation(total=6, concurrency=2, preview_template=lambda _: Lasting(TemplatePreviewAnswer().dump(), 10))

    asked.run()
    state = replayed(asked.orchestrator, asked._history, json.dumps(asked._input), asked.instance_id)

    compounds = [
        action["compoundActions"] for step in state["actions"] for action in step if "compoundActions" in action
    ]
    starting = [each for each in compounds if any(part.get("functionName") == "preview_template" for part in each)]
    assert len(starting) >= 3
    assert all(any(part["actionType"] == 5 for part in each) for each in starting)
