"""What a pattern of operations matches, and what custom roles allow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm.governance.built_in_roles import BUILT_IN_ROLES
from emulator.arm.governance.roles import Permission, matches
from tests.emulator.arm.governance.asking import STRANGER, as_stranger, put, refusal
from tests.emulator.arm.running import GROUP_PATH, Arm

TEXTS = st.text(alphabet="aB/.*", max_size=12)


@given(TEXTS, st.lists(st.text(alphabet="aB/.", max_size=6), max_size=4))
def test_any_text_may_stand_for_a_star(pattern: str, fillings: list[str]) -> None:
    parts = pattern.split("*")
    filled = parts[0] + "".join(
        (fillings[number % len(fillings)] if fillings else "") + part for number, part in enumerate(parts[1:])
    )

    assert matches(pattern, filled)
    assert matches(pattern.upper(), filled.lower())


@given(st.text(alphabet="aB/.", max_size=12), st.text(alphabet="aB/.", max_size=12))
def test_a_pattern_without_a_star_is_itself_alone(pattern: str, action: str) -> None:
    assert matches(pattern, action) is (pattern.lower() == action.lower())


@pytest.mark.parametrize(
    ("action", "is_allowed"),
    [
        ("Microsoft.Web/sites/write", True),
        ("Microsoft.Authorization/roleAssignments/read", True),
        ("Microsoft.Authorization/roleAssignments/write", False),
        ("microsoft.authorization/locks/delete", False),
    ],
)
def test_what_not_actions_name_is_taken_away(action: str, is_allowed: bool) -> None:
    contributor = next(role for role in BUILT_IN_ROLES if role.name == "Contributor")

    assert Permission(contributor.actions, contributor.not_actions).allows(action) is is_allowed


def test_no_two_roles_have_the_same_id_or_name() -> None:
    assert len({role.id for role in BUILT_IN_ROLES}) == len(BUILT_IN_ROLES)
    assert len({role.name for role in BUILT_IN_ROLES}) == len(BUILT_IN_ROLES)


CUSTOM = f"{GROUP_PATH}/providers/Microsoft.Authorization/roleDefinitions/77777777-7777-7777-7777-777777777777"


def custom(name: str = "Lister") -> dict[str, Any]:
    """A role that may list things and nothing else."""
    permissions = [{"actions": ["Microsoft.Contoso/*/read"], "notActions": ["Microsoft.Contoso/secrets/read"]}]
    return {"properties": {"roleName": name, "permissions": permissions, "assignableScopes": [GROUP_PATH]}}


async def test_a_custom_role_allows_what_it_says(arm: Arm) -> None:
    role = await put(arm, CUSTOM, custom())
    assignment = f"{GROUP_PATH}/providers/Microsoft.Authorization/roleAssignments/{STRANGER}"
    await put(arm, assignment, {"properties": {"roleDefinitionId": CUSTOM, "principalId": STRANGER}})
    for kind in ("things", "secrets"):
        await put(arm, f"{GROUP_PATH}/providers/Microsoft.Contoso/{kind}/a")

    things, _ = await arm.request("GET", f"{GROUP_PATH}/providers/Microsoft.Contoso/things", **as_stranger(arm))
    secrets, _ = await arm.request("GET", f"{GROUP_PATH}/providers/Microsoft.Contoso/secrets/a", **as_stranger(arm))
    written, _ = await arm.request("PUT", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a", {}, **as_stranger(arm))

    assert (role["properties"]["type"], role["properties"]["permissions"][0]["dataActions"]) == ("CustomRole", [])
    assert (things, secrets, written) == (200, 403, 403)
    assert (await refusal(arm, "DELETE", CUSTOM))[1]["code"] == "RoleDefinitionHasAssignments"
    assert (await arm.request("DELETE", assignment))[0] == 200
    assert (await arm.request("DELETE", CUSTOM))[0] == 200


@pytest.mark.parametrize("name", ["Reader", "lister"])
async def test_two_roles_never_have_one_name(arm: Arm, name: str) -> None:
    await put(arm, CUSTOM, custom())
    await put(arm, CUSTOM, custom())

    status, error = await refusal(arm, "PUT", CUSTOM.replace("7777-7777", "7777-8888"), custom(name))

    assert (status, error["code"]) == (409, "RoleDefinitionWithSameNameExists")
