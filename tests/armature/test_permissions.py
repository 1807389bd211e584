"""Who may approve, reject and roll back, as the settings require."""

import pytest

from armature.callers import Caller
from armature.control import Action, Control, ControlRequest
from armature.options import Options
from armature.permissions import may_ask
from armature.state import Status
from tests.armature.deployments import NOW, deployment
from tests.triggers.calling import settings

ADA = Caller(name="ada", id="id-ada", roles=("Approver",))
BOB = Caller(name="bob", id="id-bob")
NAMELESS = Caller(name="ada")
WAITING = deployment(Status.QUEUED, initiated_by="ada", initiated_by_id="id-ada")
NOTHING = Control()
BY_NOBODY = deployment(Status.QUEUED)


def kind(action, caller, state=WAITING, control=NOTHING, is_from_queue=False, **chosen) -> str | None:
    refusal = may_ask(action, caller, state, control, settings(**chosen), is_from_queue=is_from_queue)
    return refusal and refusal.kind


@pytest.mark.parametrize("action", Action)
def test_whoever_may_call_the_api_may_do_everything_where_nothing_is_configured(action):
    assert kind(action, None) is None
    assert kind(action, BOB) is None


@pytest.mark.parametrize(
    ("action", "setting"),
    [
        (Action.APPROVE, "approver_roles"),
        (Action.REJECT, "approver_roles"),
        (Action.ROLL_BACK, "rollback_roles"),
    ],
)
def test_a_role_is_needed_where_it_is_configured(action, setting):
    roles = {setting: ("Approver", "Boss")}

    assert kind(action, ADA, **roles) is None
    assert kind(action, BOB, **roles) == "role-required"
    assert kind(action, None, **roles) == "caller-unknown"
    assert kind(action, None, is_from_queue=True, queue_may_approve=True, **roles) == "caller-unknown"


@pytest.mark.parametrize("action", [Action.CANCEL, Action.RESUME])
def test_what_stops_or_goes_on_needs_no_role(action):
    assert kind(action, None, approver_roles=("Boss",), rollback_roles=("Boss",)) is None


@pytest.mark.parametrize(("is_undone", "refusal"), [(False, "role-required"), (True, None)])
def test_to_cancel_with_a_rollback_that_would_not_come_by_itself_is_to_ask_for_one(is_undone, refusal):
    state = WAITING.model_copy(update={"options": Options(rollback_on_failure=is_undone)})
    roles = settings(rollback_roles=("Approver",))

    undoing = may_ask(Action.CANCEL, BOB, state, NOTHING, roles, rollback=True)

    assert (undoing and undoing.kind) == refusal
    assert may_ask(Action.CANCEL, ADA, state, NOTHING, roles, rollback=True) is None
    assert may_ask(Action.CANCEL, BOB, state, NOTHING, roles, rollback=False) is None
    assert may_ask(Action.CANCEL, BOB, state, NOTHING, roles) is None


def test_to_undo_what_mode_complete_is_deleting_from_is_to_ask_for_a_rollback():
    roles = settings(rollback_roles=("Approver",))
    deleting = WAITING.model_copy(update={"has_cleaned_up": True, "options": Options(rollback_on_failure=True)})

    undoing = may_ask(Action.CANCEL, BOB, deleting, NOTHING, roles, rollback=True)

    assert undoing is not None
    assert undoing.kind == "role-required"


def test_to_go_on_with_force_needs_the_role_that_to_begin_with_it_does():
    state = WAITING.model_copy(update={"options": Options(force=True)})
    roles = {"force_roles": ("Approver",)}

    assert kind(Action.RESUME, BOB, state, **roles) == "role-required"
    assert kind(Action.RESUME, None, state, **roles) == "caller-unknown"
    assert kind(Action.RESUME, ADA, state, **roles) is None
    assert kind(Action.RESUME, BOB, **roles) is None
    assert kind(Action.CANCEL, BOB, state, **roles) is None


def test_nobody_approves_their_own_where_that_is_configured_by_object_id_not_by_name():
    own = {"initiator_may_approve": False}
    namesake = Caller(name="ada", id="id-other")

    assert kind(Action.APPROVE, ADA) is None
    assert kind(Action.APPROVE, ADA, **own) == "own-deployment"
    assert kind(Action.APPROVE, namesake, **own) is None
    assert kind(Action.REJECT, ADA, **own) is None


def test_where_somebody_is_not_known_nobody_can_tell_two_people_apart():
    own = {"initiator_may_approve": False}

    assert kind(Action.APPROVE, None, **own) == "caller-unknown"
    assert kind(Action.APPROVE, NAMELESS, **own) == "caller-unknown"
    assert kind(Action.APPROVE, BOB, BY_NOBODY, **own) == "initiator-unknown"


def test_who_resumed_a_deployment_asked_for_it_too():
    own = {"initiator_may_approve": False}
    state = WAITING.model_copy(update={"run": 2})
    resumed = Control(resume=ControlRequest(run=1, at=NOW, by="bob", by_id="id-bob"))

    assert kind(Action.APPROVE, BOB, state, resumed, **own) == "own-deployment"
    assert kind(Action.APPROVE, Caller(name="eve", id="id-eve"), state, resumed, **own) is None
    assert kind(Action.APPROVE, Caller(name="eve", id="id-eve"), state, **own) == "initiator-unknown"


def test_the_queue_may_decide_only_where_it_is_told_so():
    assert kind(Action.APPROVE, None, is_from_queue=True) == "caller-unknown"
    assert kind(Action.REJECT, None, is_from_queue=True) == "caller-unknown"
    assert kind(Action.APPROVE, None, is_from_queue=True, queue_may_approve=True) is None
    assert kind(Action.CANCEL, None, is_from_queue=True) is None
    assert (
        kind(Action.APPROVE, None, is_from_queue=True, queue_may_approve=True, initiator_may_approve=False)
        == "caller-unknown"
    )
