"""Mode Complete in the whole of a deployment: deletions come last, and what they leave undoes nothing."""

from armature.errors import FailureClass, failure
from armature.messages import DoomedAnswer, Outcome
from armature.options import Mode, Options
from tests.orchestrators.test_deployment import simulation

DOOMED = DoomedAnswer(list_id="list-1", total=3, to_delete=3)
LEFT = failure(FailureClass.UNKNOWN, "CleanUpIncomplete", "1 could not be deleted.")
BROKEN = failure(FailureClass.TEMPLATE, "TemplatesFailed", "web failed.")


def complete(force: bool = True, **responds):
    well = {
        "list_doomed": lambda _: DOOMED.dump(),
        "cleanup": lambda _: Outcome(message="Mode Complete: 3 resources deleted.").dump(),
    }
    options = Options(mode=Mode.COMPLETE, force=force, poll_interval_seconds=5)
    return simulation(work={"options": options}, **{**well, **responds})


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
