"""Whether ARM can get a deployment's templates, looked at before anything is touched."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from armature.azure.artifacts import ArtifactAccount
from armature.azure.provisioning import account_name
from armature.azure.services import Services
from armature.bundle import BundleLimits
from armature.delivery import delivery_of, inlining_problems, private_refusal
from armature.errors import Cause, Failure, FailureClass, FailureError, failure
from armature.events import Event, EventCode, Level
from armature.numbers import count_of
from armature.options import Delivery
from armature.plan import Plan
from armature.problems import Problem
from armature.state import DeploymentState, WarningState
from armature.transitions import with_some_warnings
from armature.zip_bundle import ZipBundle

MAX_CAUSES_SHOWN = 10


def check_delivery(services: Services, state: DeploymentState, plan: Plan, account: ArtifactAccount | None) -> None:
    """Make sure that templates can be handed over as the options say, `account` being the artifact storage that there
    is (None: it is to be made), and tell when they go in the requests.

    Changes nothing but log and state, where each fact has one key. What was looked at once is not looked at again: from
    the survey of the target on, templates have other reasons to fail.

    Raises:
        FailureError: ARM could not follow the links that are asked for; or a template can't be sent in a request.
    """
    is_private = account.is_private if account else services.settings.artifacts_public_access == "Disabled"
    wanted = state.options.delivery
    name = account.name if account else account_name(plan.subscription, plan.location)
    if delivery_of(wanted, is_private=is_private) is Delivery.SAS:
        if is_private:
            raise FailureError(private_refusal(name))
        return
    if services.rollbacks.target_survey(plan.deployment_id) is not None:
        return
    if wanted is Delivery.AUTOMATIC:  # `inline` was looked at when the bundle was read
        _check_bundle(services, plan, name)
    now = datetime.now(UTC)
    hidden = _signed_packages(plan) if is_private else ()
    warnings = [_hidden_package(template, package, name, now) for template, package in hidden]
    events = [_choice(name if is_private else None, now), *map(_event, warnings)]
    services.deployments.append_events(plan.deployment_id, events)
    services.deployments.update_state(plan.deployment_id, lambda found: with_some_warnings(_inlined(found), warnings))


def _choice(private_account: str | None, at: datetime) -> Event:
    """That templates go in the requests, and why: for the account that can't be reached, else since it was asked."""
    reason = (
        f"the artifact storage account {private_account} can't be reached from public networks, and Azure Resource "
        "Manager could not follow a link into it"
        if private_account
        else "so the option `delivery` asks"
    )
    message = f"Templates are sent in the requests: {reason}."
    return Event(key="delivery:inline", time=at, code=EventCode.DELIVERY_INLINE, message=message)


def _inlined(state: DeploymentState) -> DeploymentState:
    templates = tuple(one.model_copy(update={"delivery": Delivery.INLINE}) for one in state.templates)
    return state.model_copy(update={"templates": templates})


def _signed_packages(plan: Plan) -> Iterator[tuple[str, str]]:
    """The packages that are handed on with a SAS, for what reads them once: with the template that they are given."""
    for template in plan.templates:
        for name, binding in template.parameters.items():
            if binding.package is not None and name in template.secure_parameters:
                yield template.name, binding.package


def _hidden_package(template: str, package: str, account: str, at: datetime) -> WarningState:
    return WarningState(
        key=f"private-package:{template}:{package}",
        code=EventCode.PACKAGE_UNREADABLE.value,
        message=(
            f"{template} hands on the package {package} with a SAS: what reads it must be in a network that reaches "
            f"the artifact storage account {account}, which public networks don't."
        ),
        at=at,
    )


def _event(warning: WarningState) -> Event:
    return Event(
        key=f"warning:{warning.key}",
        time=warning.at,
        code=EventCode.PACKAGE_UNREADABLE,
        message=warning.message,
        level=Level.WARNING,
    )


def _check_bundle(services: Services, plan: Plan, account: str) -> None:
    if plan.source is None:
        raise KeyError(plan.deployment_id)
    with (
        services.bundles.open(plan.source.reference, plan.source.etag) as file,
        closing(ZipBundle(file, BundleLimits.of(services.settings))) as bundle,
    ):
        problems = [problem for problem in inlining_problems(plan, bundle) if problem.is_error]
    if problems:
        raise FailureError(_refusal(problems, account))


def _refusal(problems: list[Problem], account: str) -> Failure:
    message = (
        f"The artifact storage account {account} can't be reached from public networks, so templates are to be sent in "
        f"the requests, and {count_of(len(problems), 'problem')} stands against it. {problems[0].message}"
    )
    why = failure(FailureClass.TEMPLATE, problems[0].code, message, problems[0].next_step)
    causes = [
        Cause(
            code=problem.code,
            message=f"{problem.message} {problem.next_step}",
            place=f"{problem.file}#{problem.pointer}" if problem.pointer else problem.file,
        )
        for problem in problems[:MAX_CAUSES_SHOWN]
    ]
    return why.model_copy(update={"causes": tuple(causes)})
