"""Role definitions: what a role allows, whether it is built in or was made through a PUT."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from emulator.arm.governance.built_in_roles import BUILT_IN_ROLES, BuiltInRole
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.state import CloudState

ASSIGNMENT_TYPE = "Microsoft.Authorization/roleAssignments"
DEFINITION_TYPE = "Microsoft.Authorization/roleDefinitions"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_CREATED = "2015-02-02T21:55:09.8806423Z"


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.IGNORECASE | re.DOTALL)


def matches(pattern: str, action: str) -> bool:
    """True when `*` in the pattern can stand for some text, slashes included, so that it becomes the action.

    Source: https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions-format.
    """
    return _pattern(pattern).fullmatch(action) is not None


@dataclass(frozen=True)
class Permission:
    """One entry of a role's permissions; what `not_actions` name is taken away from `actions` again."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    @classmethod
    def read(cls, document: dict[str, Any]) -> "Permission":
        """A permission of a role definition's document."""
        names = ("actions", "notActions", "dataActions", "notDataActions")
        return cls(*(tuple(map(str, document.get(name) or ())) for name in names))

    def dump(self) -> dict[str, list[str]]:
        """The permission as answers show it."""
        return {
            "actions": list(self.actions),
            "notActions": list(self.not_actions),
            "dataActions": list(self.data_actions),
            "notDataActions": list(self.not_data_actions),
        }

    def allows(self, action: str) -> bool:
        """True when a control-plane action is among the actions and not taken away."""
        return any(matches(p, action) for p in self.actions) and not any(matches(p, action) for p in self.not_actions)

    def allows_data(self, action: str) -> bool:
        """True when an action on data is among the data actions and not taken away."""
        is_given = any(matches(pattern, action) for pattern in self.data_actions)
        return is_given and not any(matches(pattern, action) for pattern in self.not_data_actions)


_BUILT_IN: dict[str, tuple[BuiltInRole, Permission]] = {
    role.id: (role, Permission(role.actions, role.not_actions, role.data_actions)) for role in BUILT_IN_ROLES
}


def role_guid(role_definition_id: str) -> str:
    """The last segment of the id of a role definition, which names it wherever it is defined."""
    return role_definition_id.rstrip("/").rpartition("/")[2].lower()


def permissions_of(state: CloudState, role_definition_id: str) -> list[Permission]:
    """What a role allows; empty for a role that does not exist."""
    guid = role_guid(role_definition_id)
    if guid in _BUILT_IN:
        return [_BUILT_IN[guid][1]]
    custom = find_custom(state, guid)
    return [Permission.read(entry) for entry in custom.properties.get("permissions") or ()] if custom else []


def exists(state: CloudState, role_definition_id: str) -> bool:
    """True for a role that is built in or was made."""
    guid = role_guid(role_definition_id)
    return guid in _BUILT_IN or find_custom(state, guid) is not None


def find_custom(state: CloudState, guid: str) -> Resource | None:
    """The custom role of that id, at whatever scope it was put."""
    return next((role for role in every_custom(state) if role.id.last_name.lower() == guid.lower()), None)


def every_custom(state: CloudState) -> Iterator[Resource]:
    """The custom roles of all scopes."""
    return (role for role in state.resources(ResourceId()) if role.id.type.lower() == DEFINITION_TYPE.lower())


def built_in_documents(scope: ResourceId) -> list[dict[str, Any]]:
    """All built-in roles as a list at `scope` shows them."""
    return [document for guid in _BUILT_IN if (document := built_in_document(scope, guid))]


def built_in_document(scope: ResourceId, guid: str) -> dict[str, Any] | None:
    """A built-in role as answers show it; its id begins with the subscription of `scope`, as ARM writes it."""
    if guid.lower() not in _BUILT_IN:
        return None
    role, permission = _BUILT_IN[guid.lower()]
    root = f"/subscriptions/{scope.subscription}" if scope.subscription else ""
    return {
        "id": f"{root}/providers/{DEFINITION_TYPE}/{role.id}",
        "type": DEFINITION_TYPE,
        "name": role.id,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.name,
            "assignableScopes": ["/"],
            "permissions": [permission.dump()],
            "createdOn": _CREATED,
            "updatedOn": _CREATED,
            "createdBy": None,
            "updatedBy": None,
        },
    }
