"""Who may do what: the roles, and the rule about one's own deployments, that the app's settings require. Pure."""

from collections.abc import Sequence

from armature.callers import Caller
from armature.control import Action, Control
from armature.options import Options
from armature.refusals import Refusal
from armature.settings import Settings
from armature.state import DeploymentState

_SIGN_IN = (
    "Turn on App Service authentication with Microsoft Entra for the app, and call with a token; the settings "
    "ARMATURE_…_ROLES and ARMATURE_INITIATOR_MAY_APPROVE say what is required."
)


class Forbidden(Refusal):
    """Why a caller may not do something that others may."""


def may_ask(
    action: Action,
    caller: Caller | None,
    state: DeploymentState,
    control: Control,
    settings: Settings,
    *,
    is_from_queue: bool = False,
    rollback: bool | None = None,
) -> Forbidden | None:
    """None when that caller may ask it of that deployment; else why not. An unknown caller has no role.

    `rollback` is what a cancellation says is to become of what was deployed. To undo what would stay by itself is to
    ask for a rollback, by whatever name.
    """
    if is_from_queue and action.is_decision and not settings.queue_may_approve:
        reason = "Queue messages may not approve or reject: nobody vouches for who sent one."
        step = "Approve over HTTP, or by the command line; or set ARMATURE_QUEUE_MAY_APPROVE."
        return Forbidden(kind="caller-unknown", reason=reason, next_step=step)
    is_undoing = action is Action.ROLL_BACK or bool(rollback and not state.is_undone_by_itself)
    if is_undoing and (forbidden := _unless_in(settings.rollback_roles, "roll back", caller)) is not None:
        return forbidden
    if action is Action.RESUME and (forbidden := may_start(state.options, caller, settings)) is not None:
        return forbidden  # it would go on without asking anybody
    return _unless_in_role(action, caller, settings) or _unless_of_another(action, caller, state, control, settings)


def may_start(options: Options, caller: Caller | None, settings: Settings) -> Forbidden | None:
    """None when that caller may start a deployment with these options: `force` goes around every approval."""
    if not options.force or options.is_preview:
        return None
    return _unless_in(settings.force_roles, "deploy with force", caller)


def _unless_in_role(action: Action, caller: Caller | None, settings: Settings) -> Forbidden | None:
    return _unless_in(settings.approver_roles, action.value, caller) if action.is_decision else None


def _unless_in(roles: Sequence[str], doing: str, caller: Caller | None) -> Forbidden | None:
    if not roles:
        return None
    needed = f"To {doing} one needs the role {' or '.join(roles)}"
    if caller is None:
        reason = f"{needed}, and the app does not know who is calling."
        return Forbidden(kind="caller-unknown", reason=reason, next_step=_SIGN_IN)
    if set(roles) & set(caller.roles):
        return None
    step = "Ask somebody who has it, or have it assigned to you in the app's enterprise application."
    return Forbidden(kind="role-required", reason=f"{needed}; {caller.shown} has it not.", next_step=step)


def _unless_of_another(
    action: Action, caller: Caller | None, state: DeploymentState, control: Control, settings: Settings
) -> Forbidden | None:
    """Who asked for a deployment, or for its present run, may not approve it where the settings say so.

    Names can be alike, and be changed: object ids are compared. Where one is not known nobody can tell them apart.
    """
    if action is not Action.APPROVE or settings.initiator_may_approve:
        return None
    initiators = [state.initiated_by_id]
    resume = control.resume
    if state.run > 1:
        initiators.append(resume.by_id if resume is not None and resume.run == state.run - 1 else None)
    if caller is None or caller.id is None:
        reason = "Nobody may approve a deployment of their own, and the app does not know who is calling."
        return Forbidden(kind="caller-unknown", reason=reason, next_step=_SIGN_IN)
    if None in initiators:
        reason = "Nobody may approve a deployment of their own, and it is not known who asked for this one."
        step = f"Cancel it, and start it over HTTP as somebody the app knows. {_SIGN_IN}"
        return Forbidden(kind="initiator-unknown", reason=reason, next_step=step)
    if caller.id in initiators:
        reason = f"Deployment {state.deployment_id} is {caller.shown}'s own."
        return Forbidden(kind="own-deployment", reason=reason, next_step="Have somebody else approve it.")
    return None
