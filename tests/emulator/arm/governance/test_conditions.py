"""Conditions that limit which roles may be given away, read and obeyed."""

import uuid
from typing import Any

import pytest

from emulator.arm.governance.conditions import ConditionError, Delegated, check, holds
from tests.emulator.arm.governance.asking import STRANGER, as_stranger
from tests.emulator.arm.running import GROUP_PATH, Arm, resource, template

WRITE, DELETE = "Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete"
READER, CONTRIBUTOR = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "b24988ac-6180-42a0-ab88-20f7382dd24c"
RBAC_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
ROLE = "[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
TYPE = "[Microsoft.Authorization/roleAssignments:PrincipalType]"
IS_READER = f"@Request{ROLE} GuidEquals {READER}"
IS_USER = f"@Request{TYPE} StringEquals 'User'"
IS_UNKNOWN = "@Request[Microsoft.Authorization/roleAssignments:Colour] StringNotEquals 'red'"
ONLY_READER = f"""
(
 (!(ActionMatches{{'{WRITE}'}}))
 OR
 (@Request{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}}}
  AND @Request{TYPE} ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}})
)
AND
((!(ActionMatches{{'{DELETE}'}})) OR (@Resource{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}}}))
"""


def properties(role: str, kind: str = "ServicePrincipal") -> dict[str, Any]:
    definition = f"/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"roleDefinitionId": definition, "principalType": kind, "principalId": STRANGER}


def written(role: str, kind: str = "ServicePrincipal") -> Delegated:
    return Delegated(properties(role, kind), {})


@pytest.mark.parametrize(
    ("action", "subject", "told"),
    [
        (WRITE, written(READER), True),
        (WRITE, written(READER.upper(), "serviceprincipal"), True),
        (WRITE, written(CONTRIBUTOR), False),
        (WRITE, written(READER, "User"), False),
        (WRITE, Delegated({"roleDefinitionId": f"/x/{READER}"}, {}), False),
        (DELETE, Delegated({}, properties(READER)), True),
        (DELETE, Delegated({}, properties(CONTRIBUTOR)), False),
        ("Microsoft.Web/sites/write", written(CONTRIBUTOR), True),
        (WRITE, None, True),
    ],
)
def test_a_condition_lets_through_what_it_says(action: str, subject: Delegated | None, told: bool) -> None:
    assert holds(ONLY_READER, action, subject) is told


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (f"@Request{ROLE} ForAnyOfAllValues:GuidNotEquals {{{READER}, {CONTRIBUTOR}}}", False),
        (f"@Request{ROLE} ForAnyOfAllValues:GuidNotEquals {{{CONTRIBUTOR}}}", True),
        (f"NOT @Request{TYPE} StringEquals 'serviceprincipal'", True),
        (IS_READER, True),
        (f"{IS_USER} || {IS_READER} && !{IS_USER}", True),
        (f"({IS_USER} OR {IS_READER}) AND {IS_USER}", False),
        (f"{IS_UNKNOWN} OR NOT {IS_UNKNOWN}", True),
        (IS_UNKNOWN, False),
    ],
)
def test_comparisons_sets_and_their_joining(condition: str, told: bool) -> None:
    assert holds(condition, WRITE, written(READER)) is told


@pytest.mark.parametrize(
    "condition",
    [
        f"@Request{ROLE}",
        f"@Request{ROLE} Resembles {READER}",
        f"@Request{ROLE} ForSomeOfAnyValues:GuidEquals {{{READER}}}",
        f"@Request{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}",
        f"(@Request{ROLE} GuidEquals {READER}",
        f"@Request{ROLE} GuidEquals {READER})",
        f"ActionMatches '{WRITE}'",
        f"{READER} GuidEquals @Request{ROLE}",
        f"@Request{ROLE} GuidEquals 'unended",
        "(" * 5000 + f"@Request{ROLE} GuidEquals {READER}",
        "!" * 8000 + f"@Request{ROLE} GuidEquals {READER}",
        f"@Request{ROLE} GuidEquals {READER} OR " * 200 + f"@Request{ROLE} GuidEquals {READER}",
    ],
)
def test_what_is_no_condition_is_told(condition: str) -> None:
    with pytest.raises(ConditionError):
        check(condition)


async def give(arm: Arm, role: str, principal: str, *, request: Any = None, **conditioned: Any) -> tuple[int, Any]:
    """Give a role in the resource group, as whom `request` says; the status and the answer."""
    path = f"{GROUP_PATH}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    body = {"properties": properties(role) | {"principalId": principal} | conditioned}
    return await arm.request("PUT", path, body, **(request or {}))


async def test_an_administrator_gives_and_takes_what_its_condition_says_and_no_other_role(arm: Arm) -> None:
    somebody, somebody_else = str(uuid.uuid4()), str(uuid.uuid4())
    await give(arm, RBAC_ADMINISTRATOR, STRANGER, condition=ONLY_READER, conditionVersion="2.0")
    _, of_others = await give(arm, CONTRIBUTOR, somebody)

    given, reader = await give(arm, READER, somebody, request=as_stranger(arm))
    refused, refusal = await give(arm, CONTRIBUTOR, somebody_else, request=as_stranger(arm))
    taken, _ = await arm.request("DELETE", reader["id"], **as_stranger(arm))
    left, _ = await arm.request("DELETE", of_others["id"], **as_stranger(arm))

    assert given == 201, reader
    assert (refused, refusal["error"]["code"]) == (403, "AuthorizationFailed")
    assert (taken, left) == (200, 403)


async def test_a_template_passes_the_same_condition(arm: Arm) -> None:
    await give(arm, RBAC_ADMINISTRATOR, STRANGER, condition=ONLY_READER)
    await give(arm, CONTRIBUTOR, STRANGER)
    path = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments"
    role = "[resourceId('Microsoft.Authorization/roleDefinitions', '{}')]"

    answers = {}
    for name, guid in {"reader": READER, "contributor": CONTRIBUTOR}.items():
        assigned = properties(guid) | {"roleDefinitionId": role.format(guid), "principalId": str(uuid.uuid4())}
        made = resource(str(uuid.uuid4()), "Microsoft.Authorization/roleAssignments", properties=assigned)
        body = {"properties": {"mode": "Incremental", "template": template(made)}}
        answers[name] = await arm.request("PUT", f"{path}/{name}", body, **as_stranger(arm))

    assert answers["reader"][0] == 201, answers["reader"]
    refused, refusal = answers["contributor"]
    assert (refused, refusal["error"]["details"][0]["code"]) == (403, "AuthorizationFailed")


@pytest.mark.parametrize(
    "conditioned",
    [{"condition": f"@Request{ROLE} GuidEquals", "conditionVersion": "2.0"},
     {"condition": ONLY_READER, "conditionVersion": "1.0"}],
)  # fmt: skip
async def test_an_assignment_with_a_condition_that_is_none_is_refused(arm: Arm, conditioned: dict[str, str]) -> None:
    status, answer = await give(arm, RBAC_ADMINISTRATOR, STRANGER, **conditioned)

    assert (status, answer["error"]["message"]) == (400, "The given role assignment condition is invalid.")


async def test_a_condition_on_data_is_kept(arm: Arm) -> None:
    condition = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'a'"

    status, answer = await give(arm, RBAC_ADMINISTRATOR, STRANGER, condition=condition)

    assert (status, answer["properties"]["condition"]) == (201, condition)
