"""Mode Complete in the whole of a deployment: deletions come last, and what they leave undoes nothing."""

from datetime import timedelta

import pytest

from armature.errors import FailureClass, failure
from armature.messages import Answer, AskingAnswer, DoomedAnswer, Outcome
from armature.options import Mode, Options
from armature.state import StopReason
from tests.orchestrators.simulation import START
from tests.orchestrators.test_deployment import simulation

DOOMED = DoomedAnswer(list_id="list-1", total=3, to_delete=3)
LEFT = failure(FailureClass.UNKNOWN, "CleanUpIncomplete", "1 could not be deleted.")
BROKEN = failure(FailureClass.TEMPLATE, "TemplatesFailed", "web failed.")


def complete(force: bool = True, work=None, **responds):
    well = {
        "list_doomed": lambda _: DOOMED.dump(),
        "cleanup": lambda _: Outcome(message="Mode Complete: 3 resources deleted.").dump(),
    }
    options = Options(mode=Mode.COMPLETE, force=force, poll_interval_seconds=5)
    return simulation(work={"options": options, **(work or {})}, **{**well, **responds})


def names(deployment) -> list[str]:
    return [call.name for call in deployment.calls if call.name != "record_phase"]


def test_it_is_listed_and_deleted_after_all_else_went_well():
    deployment = complete()

    output = deployment.run()

    order = names(deployment)
    assert order.index("rollout") < order.index("validation") < order.index("list_doomed") < order.index("cleanup")
    assert output["message"] == "2 templates deployed. Mode Complete: 3 resources deleted."


def test_it_is_listed_before_too_for_whoever_approves():
    deployment = complete(force=False)

    deployment.run()

    order = names(deployment)
    assert order.index("list_doomed") < order.index("ask_for_approval") < order.index("prepare_target")
    assert deployment.called("ask_for_approval")[0]["findings"]["listId"] == "list-1"


def test_a_rollout_or_a_check_that_fails_deletes_nothing():
    for phase in ("rollout", "validation"):
        deployment = complete(**{phase: lambda _: Outcome(message="Not good.", failure=BROKEN).dump()})

        deployment.run()

        assert "cleanup" not in names(deployment)
        assert deployment.called("rollback")[0]["isUndoing"] is True


def test_what_is_left_to_delete_fails_the_deployment_and_rolls_nothing_back():
    left = Outcome(message="1 could not be deleted.", failure=LEFT, rollback=False)
    deployment = complete(cleanup=lambda _: left.dump())

    output = deployment.run()

    assert output["status"] == "failed"
    assert deployment.called("rollback")[0]["isUndoing"] is False
    assert deployment.called("finish_deployment")[0]["isUndone"] is False


def test_deletions_that_the_host_ends_are_begun_again_and_in_the_end_roll_nothing_back():
    def lost(_):
        raise RuntimeError("terminated")

    deployment = complete(cleanup=lost)

    output = deployment.run()

    assert output["status"] == "failed"
    assert len(deployment.called("cleanup")) == 3
    assert deployment.called("rollback")[0]["isUndoing"] is False
    assert deployment.called("finish_deployment")[0]["outcome"]["failure"]["code"] == "CleanUpLost"


@pytest.mark.parametrize(("word", "is_undoing"), [(None, False), (False, False), (True, True)])
def test_a_cancellation_amid_the_deletions_rolls_back_only_when_it_says_so(word, is_undoing):
    cancelled = Outcome(message="Cancelled.", stop=StopReason.CANCELLED, rollback=word)
    for phase in ("cleanup", "approval"):
        listed = DOOMED.model_copy(update={"unapproved": 1})
        asked = AskingAnswer(approval_id="a" * 16, number=1, deadline=START + timedelta(hours=1))
        deployment = complete(
            force=False,
            list_doomed=lambda work, listed=listed: (listed if work["isAfterRollout"] else DOOMED).dump(),
            ask_for_approval=lambda work, asked=asked: (asked if work["isSecond"] else AskingAnswer()).dump(),
            **{"approval": lambda _: Outcome(message="").dump(), phase: lambda _: cancelled.dump()},
        )

        deployment.run()

        assert deployment.called("rollback")[0]["isUndoing"] is is_undoing


def test_a_fault_of_the_host_amid_the_last_step_rolls_nothing_back():
    deployment = complete(record_phase=broken_at("cleaningUp"))

    assert deployment.run()["status"] == "failed"
    assert deployment.called("rollback")[0]["isUndoing"] is False


def broken_at(phase):
    """Records phases until one of which the host hands back something that nobody can read."""
    return lambda work: {"failure": 1} if work["phase"] == phase else Answer().dump()


@pytest.mark.parametrize("phase", ["list_doomed", "validation"])
def test_a_resumed_one_whose_deletions_had_begun_is_not_rolled_back_for_what_fails_now(phase):
    broken = {"list_doomed": DoomedAnswer(failure=BROKEN), "validation": Outcome(message="Bad.", failure=BROKEN)}
    deployment = complete(
        force=phase == "validation",
        work={"run": 2, "stands": True},
        **{phase: lambda _: broken[phase].dump()},
    )

    assert deployment.run()["status"] == "failed"
    assert deployment.called("rollback")[0]["isUndoing"] is False
