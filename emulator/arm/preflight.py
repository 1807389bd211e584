"""Preflight: what of a template's resources is refused before the deployment is accepted.

Looked at is every resource whose body can be told up front, those of nested deployments included. Sources of the
wording: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-policy-requestdisallowedbypolicy
and the pages on quota and on authorization errors beside it.
"""

import asyncio
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from emulator.arm import authorization, behaviours
from emulator.arm.behaviours import Surroundings, behaviour_of
from emulator.arm.behaviours.generic import new_document
from emulator.arm.caller import Caller
from emulator.arm.engine.bodies import evaluate_body
from emulator.arm.engine.prepared import Prepared
from emulator.arm.errors import ArmError
from emulator.arm.governance.conditions import Delegated
from emulator.arm.governance.policy.enforcement import check_policy
from emulator.arm.governance.quotas import check_quota, planned_needs
from emulator.arm.governance.registration import check_served
from emulator.arm.governance.scopes import action_of
from emulator.arm.models import Resource

_ID = re.compile(r'"(/[^"]+)"')


async def check(surroundings: Surroundings, prepared: Prepared, caller: Caller | None = None) -> None:
    """Raise `ArmError` for a deployment that is refused.

    NoRegisteredProviderFound, InvalidResourceNamespace, InvalidResourceType and LocationNotAvailableForResourceType are
    ARM's own; all else comes as `details` of InvalidTemplateDeployment. A `caller` of None is ARM itself; what is
    nested is asked for its right when its own deployment starts.
    """
    resources = await _told(prepared)
    for resource in resources:
        if not resource.id.is_resource_group:
            location, cloud = resource.document.get("location"), surroundings.state.cloud
            check_served(resource.id.type, resource.api_version, location, cloud)
    own = {instance.id.key for instance in prepared.instances}
    _refuse(_unauthorized(surroundings, [r for r in resources if r.id.key in own], caller), prepared)
    _refuse([error for r in resources if (error := _policy(surroundings, r))], prepared)
    _refuse(await _refused_by_providers(surroundings, resources), prepared)


async def _told(prepared: Prepared) -> list[Resource]:
    """The resources as they will be asked for; what can't be told yet is told when its turn comes."""
    told = []
    for instance in prepared.resources():
        try:
            body = evaluate_body(instance)
        except (UnresolvedError, ExpressionError, ExpressionSyntaxError):
            continue
        told.append(Resource(instance.id, instance.api_version, new_document(instance.id, body)))
        await asyncio.sleep(0)  # other requests must not wait for a big template
    return told


def _unauthorized(surroundings: Surroundings, resources: list[Resource], caller: Caller | None) -> list[ArmError]:
    return [
        ArmError(
            403,
            "AuthorizationFailed",
            f"Authorization failed for template resource '{resource.id.name}' of type '{resource.id.type}'. The client "
            f"'{caller.client_id}' with object id '{caller.object_id}' does not have permission to perform action "
            f"'{action_of(resource.id, 'write')}' at scope '{resource.id}'.",
        )
        for resource in resources
        if caller
        and not authorization.is_allowed(
            surroundings.state,
            caller.object_id,
            action_of(resource.id, "write"),
            resource.id,
            Delegated(resource.properties, {}),
        )
    ]


def _policy(surroundings: Surroundings, resource: Resource) -> ArmError | None:
    try:
        check_policy(surroundings.state, resource)
    except ArmError as error:
        return error
    return None


async def _refused_by_providers(surroundings: Surroundings, resources: list[Resource]) -> list[ArmError]:
    refusals, planned = [], Counter[tuple[str, str]]()
    made = {resource.id.key for resource in resources if not resource.id.is_resource_group}
    for resource in resources:
        before = surroundings.state.find_resource(resource.id)
        try:
            check_quota(surroundings.state, resource, before, planned)
            if behaviour_of(resource.id.type).is_preflighted and _stands_alone(resource, made):
                behaviours.check(resource, surroundings)
        except ArmError as error:
            error.target = error.target or resource.id.name  # as Azure's preflight does
            refusals.append(error)
        if before is None:
            planned.update(planned_needs(resource))
        await asyncio.sleep(0)  # other requests must not wait for a big template
    return refusals


def _stands_alone(resource: Resource, made: set[str]) -> bool:
    """True when nothing that the template makes is above it or named in it: a provider would miss that."""
    named = _ID.findall(json.dumps(resource.document["properties"]).lower())
    own = resource.id.key
    return not any(prefix in made and prefix != own for text in (*named, own) for prefix in _prefixes(text))


def _prefixes(text: str) -> Iterator[str]:
    """The id and whatever is above it, by its slashes."""
    while text:
        yield text
        text = text.rpartition("/")[0]


def _refuse(refusals: list[ArmError], prepared: Prepared) -> None:
    if not refusals:
        return
    codes = {error.code for error in refusals}
    if codes == {"RequestDisallowedByPolicy"}:
        message = "The template deployment failed because of policy violation. Please see details for more information."
    elif codes == {"AuthorizationFailed"}:
        told = "; ".join(error.message for error in refusals)
        several = "multiple errors" if len(refusals) > 1 else "error"
        message = f"The template deployment failed with {several}: '{told}'."
    else:
        message = (
            f"The template deployment '{prepared.request.id.last_name}' is not valid according to the validation "
            f"procedure. The tracking id is '{uuid.uuid4()}'. See inner errors for details."
        )
    status = 403 if codes == {"AuthorizationFailed"} else 400
    raise ArmError(status, "InvalidTemplateDeployment", message, details=[error.as_dict() for error in refusals])
