"""Complete mode: what the resource group holds and the template does not name is deleted after the rest succeeded.

Sources: "Azure Resource Manager deployment modes", "Deletion of Azure resources for complete mode deployments". What a
condition excludes is deleted too; extension resources and untracked children are not; what is locked stays.
"""

import asyncio
import json
from collections.abc import Sequence

from emulator.arm.caller import Caller
from emulator.arm.engine.prepared import Prepared
from emulator.arm.errors import ArmError
from emulator.arm.lifecycle.ending import operation_failed, operation_succeeded
from emulator.arm.models import Deployment, Operation, Resource
from emulator.arm.operations import ProviderOperations
from emulator.arm.state import CloudState

DELETE = "Delete"
_SHOWN_ONLY = frozenset({"microsoft.web/sites/functions", "microsoft.web/sites/slots/functions"})


async def delete_what_is_not_named(
    state: CloudState, operations: ProviderOperations, prepared: Prepared, deployment: Deployment
) -> None:
    """Delete round by round, children and what refers to others first; each deletion is an operation."""
    for operation in [op for op in deployment.operations if op.kind == DELETE and not op.is_ended]:
        await _follow(state, operations, deployment, operation)
    caller = prepared.request.caller
    tried = {op.target.key for op in deployment.operations if op.kind == DELETE and op.target}
    while not deployment.is_final:
        left = [r for r in _not_named(state, prepared, deployment) if r.id.key not in tried]
        if not left:
            return
        round_ = deletable_first(left)
        tried |= {resource.id.key for resource in round_}
        await asyncio.gather(*(_delete(state, operations, deployment, resource, caller) for resource in round_))


def _not_named(state: CloudState, prepared: Prepared, deployment: Deployment) -> list[Resource]:
    named = {made.lower() for made in deployment.output_resources}
    named |= {instance.id.key for instance in prepared.instances if instance.is_existing}
    return [
        resource
        for resource in state.resources(prepared.target)
        if resource.id.key not in named and is_tracked(resource)
    ]


def is_tracked(resource: Resource) -> bool:
    """Extensions and what governs stay; children without a location, such as subnets, are part of their parent, and so
    are those that only show what their parent holds, such as the functions of a site."""
    is_of_the_group = not (resource.id.is_extension or resource.governs)
    is_shown_only = resource.id.type.lower() in _SHOWN_ONLY
    return is_of_the_group and (resource.id.parent is None or ("location" in resource.document and not is_shown_only))


def deletable_first(resources: Sequence[Resource]) -> list[Resource]:
    """Those to which none of the others refers and whose children are not among them; all of them in a circle."""
    texts = {resource.id.key: json.dumps(resource.document).lower() for resource in resources}
    free = [
        resource
        for resource in resources
        if not any(
            key != resource.id.key and (key.startswith(f"{resource.id.key}/") or f'"{resource.id.key}' in text)
            for key, text in texts.items()
        )
    ]
    return free or list(resources)


async def _delete(
    state: CloudState,
    operations: ProviderOperations,
    deployment: Deployment,
    resource: Resource,
    caller: Caller | None,
) -> None:
    operation = Operation(DELETE, resource.id)
    try:
        work = operations.begin_remove(resource.id, caller)
    except ArmError as error:
        if error.code == "ScopeLocked":
            return
        deployment.operations.append(operation)
        operation_failed(state, deployment, operation, error.as_dict(), error.status_code_name)
        return
    if work is not None:
        operation.work = work.id
        deployment.operations.append(operation)
        state.put_operation(deployment, operation)
        await _follow(state, operations, deployment, operation)


async def _follow(
    state: CloudState, operations: ProviderOperations, deployment: Deployment, operation: Operation
) -> None:
    work = state.find_work(operation.work or "")
    if work is None:
        raise LookupError(operation.work)
    await operations.ended(work)
    if work.error:
        operation_failed(state, deployment, operation, work.error, work.status_code)
    else:
        operation_succeeded(state, deployment, operation, work.status_code)
    state.drop_work(work)
