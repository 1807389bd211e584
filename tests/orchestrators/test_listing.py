"""The steps of mode Complete in a deployment: foreseen, listed, asked again where needed, deleted last."""

from datetime import timedelta

import azure.durable_functions as df
import pytest

from armature.errors import FailureClass, failure
from armature.messages import Answer, AskingAnswer, DeploymentInput, DoomedAnswer, Outcome
from armature.options import Mode, Options
from armature.state import StopReason
from orchestrators.chapters import Chapters
from orchestrators.cleaning import cleaned_up
from orchestrators.listing import doomed_listed
from tests.orchestrators.simulation import START, Lasting, Simulation, orchestrator_of

SHUT = failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "The app may not read the groups.")
GONE = Outcome(message="Mode Complete: 3 resources deleted.")
DEADLINE = START + timedelta(hours=4)

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def cleaning(context):
    """The last step of a deployment, by itself."""
    job = DeploymentInput.load(context.get_input())
    outcome = yield from cleaned_up(context, job, Chapters(context, "d-1", 5), DEADLINE)
    return outcome.dump()


@blueprint.orchestration_trigger(context_name="context")
def listing(context):
    """The list before anything is touched, by itself."""
    job = DeploymentInput.load(context.get_input())
    answer = yield from doomed_listed(context, job)
    return answer.dump()


def simulation(name: str, *, force: bool = False, mode: Mode = Mode.COMPLETE, **responds) -> Simulation:
    well = {
        "record_phase": lambda _: Answer().dump(),
        "list_doomed": lambda _: listed(unapproved=0),
        "foreseeing": lambda _: Outcome(message="").dump(),
        "ask_for_approval": lambda _: AskingAnswer(
            approval_id="a" * 16, number=2, message="Mode Complete.", deadline=START + timedelta(hours=24)
        ).dump(),
        "approval": lambda _: Outcome(message="").dump(),
        "cleanup": lambda _: GONE.dump(),
    }
    job = DeploymentInput(deployment_id="d-1", generation=3, options=Options(mode=mode, force=force, max_concurrency=2))
    return Simulation(orchestrator_of(blueprint, name), job.dump(), {**well, **responds})


def listed(**parts) -> dict:
    return DoomedAnswer(**{"list_id": "list-1", "total": 3, "to_delete": 3, **parts}).dump()


def names(of: Simulation) -> list[str]:
    return [call.name for call in of.calls if call.name != "record_phase"]


def test_what_was_approved_exactly_so_is_deleted_without_another_word():
    cleaning = simulation("cleaning")

    assert cleaning.run()["message"] == GONE.message
    assert names(cleaning) == ["list_doomed", "cleanup"]
    assert cleaning.called("cleanup")[0]["listId"] == "list-1"


def test_an_incremental_deployment_lists_nothing():
    cleaning = simulation("cleaning", mode=Mode.INCREMENTAL)

    cleaning.run()

    assert cleaning.calls == []


def test_when_nothing_is_listed_nothing_is_asked_or_deleted():
    cleaning = simulation("cleaning", list_doomed=lambda _: listed(total=0, to_delete=0))

    cleaning.run()

    assert names(cleaning) == ["list_doomed"]


def test_what_was_not_approved_asks_again_and_the_time_of_the_wait_does_not_count():
    cleaning = simulation(
        "cleaning",
        list_doomed=lambda _: listed(unapproved=2, holding_data=1),
        approval=lambda _: Lasting(Outcome(message="").dump(), 3600),
    )

    cleaning.run()

    assert names(cleaning) == ["list_doomed", "ask_for_approval", "approval", "cleanup"]
    asked = cleaning.called("ask_for_approval")[0]
    assert (asked["isSecond"], asked["findings"]["doomed"], asked["findings"]["listId"]) == (True, 2, "list-1")
    given = cleaning.called("cleanup")[0]["deadline"]
    assert DEADLINE + timedelta(hours=1) <= type(DEADLINE).fromisoformat(given) < DEADLINE + timedelta(minutes=61)


def test_with_force_nothing_is_asked():
    cleaning = simulation("cleaning", force=True, list_doomed=lambda _: listed(unapproved=3))

    cleaning.run()

    assert names(cleaning) == ["list_doomed", "cleanup"]


@pytest.mark.parametrize("stop", [StopReason.REJECTED, StopReason.NOT_APPROVED])
def test_what_nobody_approves_is_kept_and_what_was_approved_goes_all_the_same(stop):
    cleaning = simulation(
        "cleaning",
        list_doomed=lambda _: listed(unapproved=1),
        approval=lambda _: Outcome(message="Rejected.", stop=stop).dump(),
    )

    outcome = cleaning.run()

    assert outcome["message"] == GONE.message
    assert names(cleaning)[-1] == "cleanup"


def test_a_cancellation_that_asks_for_a_rollback_gets_it():
    cleaning = simulation(
        "cleaning",
        list_doomed=lambda _: listed(unapproved=1),
        approval=lambda _: Outcome(message="Cancelled.", stop=StopReason.CANCELLED, rollback=True).dump(),
    )

    assert cleaning.run()["rollback"] is True


def test_a_list_that_can_not_be_made_fails_and_rolls_nothing_back():
    outcome = simulation("cleaning", list_doomed=lambda _: DoomedAnswer(failure=SHUT).dump()).run()

    assert (outcome["failure"]["code"], outcome["rollback"]) == (SHUT.code, False)


def test_what_each_template_writes_is_foreseen_before_the_list_is_made():
    lists = [DoomedAnswer(is_made=False, templates=5).dump(), listed(unapproved=3)]
    listing = simulation("listing", list_doomed=lambda _: lists.pop(0))

    answer = listing.run()

    assert answer["unapproved"] == 3
    assert names(listing) == ["list_doomed", "foreseeing", "list_doomed"]
    assert listing.called("foreseeing")[0]["total"] == 5
    assert [work["takesWhatThereIs"] for work in listing.called("list_doomed")] == [False, True]


def test_a_foresight_that_the_host_ends_never_stops_the_list():
    def lost(_):
        raise RuntimeError("terminated")

    lists = [DoomedAnswer(is_made=False, templates=2).dump(), listed(unforeseen=2)]

    assert simulation("listing", list_doomed=lambda _: lists.pop(0), foreseeing=lost).run()["unforeseen"] == 2
