"""What a cloud has from its beginning: the root management group, and an owner of everything."""

import uuid

from emulator.arm import management_groups
from emulator.arm.governance.roles import ASSIGNMENT_TYPE, DEFINITION_TYPE, OWNER
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.state import CloudState

_VERSION = "2022-04-01"


def lay_foundation(state: CloudState, owner: str) -> None:
    """Make both, unless they are there; `owner` is the object id of the principal that is Owner at `/`."""
    management_groups.ensure_root(state)
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{state.tenant}/{owner}"))
    assignment = ResourceId().resource(ASSIGNMENT_TYPE, name)
    if state.find_resource(assignment) is None:
        document = {
            "id": str(assignment),
            "type": ASSIGNMENT_TYPE,
            "name": name,
            "properties": {
                "roleDefinitionId": f"/providers/{DEFINITION_TYPE}/{OWNER}",
                "principalId": owner,
                "principalType": "ServicePrincipal",
                "scope": "/",
            },
        }
        state.put_resource(Resource(assignment, _VERSION, document))
