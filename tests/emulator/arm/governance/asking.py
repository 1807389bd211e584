"""Asking ARM as somebody, and what tests of governance put before."""

from typing import Any

from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, token

SUBSCRIPTION_PATH = f"/subscriptions/{SUBSCRIPTION}"
THING = f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a"
STRANGER = "99999999-0000-0000-0000-000000000001"
ROLES = {
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Website Contributor": "de139f84-1756-47ae-9be6-808fbbe84772",
}
VERSIONS = {"policyDefinitions": "2021-06-01", "policyAssignments": "2022-06-01", "locks": "2020-05-01"}


async def put(arm: Arm, path: str, body: Any = None) -> Any:
    """PUT that succeeds; answers the body."""
    status, answer = await arm.request("PUT", path, body or {})
    assert status in (200, 201), answer
    return answer


async def refusal(arm: Arm, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, dict[str, Any]]:
    """Status and error of a request that is refused."""
    status, answer = await arm.request(method, path, body, **options)
    assert status >= 400, answer
    return status, answer["error"]


def as_stranger(arm: Arm) -> dict[str, Any]:
    """Options of a request by a principal who has no rights of its own."""
    value = token(arm.certificates, oid=STRANGER, appid="app-of-stranger")
    return {"headers": {"Authorization": f"Bearer {value}"}}


async def assign(arm: Arm, role: str, scope: str, number: int = 1) -> str:
    """Give the stranger a role; answers the assignment's path."""
    role_id = f"{SUBSCRIPTION_PATH}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}"
    name = f"{number:08}-1111-1111-1111-111111111111"
    path = f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{name}"
    properties = {"roleDefinitionId": role_id, "principalId": STRANGER, "principalType": "ServicePrincipal"}
    await put(arm, path, {"properties": properties})
    return path


async def deny(arm: Arm, rule: dict[str, Any], scope: str = GROUP_PATH, **parameters: Any) -> str:
    """Assign a policy with a rule at a scope; answers the assignment's path."""
    definition = f"{SUBSCRIPTION_PATH}/providers/Microsoft.Authorization/policyDefinitions/rule"
    declared = {name: {"type": "Array" if isinstance(value, list) else "String"} for name, value in parameters.items()}
    content = {"policyRule": {"if": rule, "then": {"effect": "deny"}}, "parameters": declared, "displayName": "No"}
    await put(arm, definition, {"properties": content})
    assignment = f"{scope}/providers/Microsoft.Authorization/policyAssignments/never"
    given = {name: {"value": value} for name, value in parameters.items()}
    await put(arm, assignment, {"properties": {"policyDefinitionId": definition, "parameters": given}})
    return assignment
