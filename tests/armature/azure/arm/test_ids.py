import pytest

from armature.azure.arm.ids import path_of, resource_type_of, split_deployment_id
from tests.armature.azure.arm.answers import DEPLOYMENTS, S

GROUP = "/subscriptions/s/resourceGroups/g"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/a"


@pytest.mark.parametrize(
    ("resource_id", "expected"),
    [
        (SITE, "Microsoft.Web/sites"),
        (f"{SITE}/slots/b/config/web", "Microsoft.Web/sites/slots/config"),
        (f"{SITE}/providers/Microsoft.Authorization/locks/l", "Microsoft.Authorization/locks"),
        (f"{GROUP}/providers/Microsoft.Web/sites/providers", "Microsoft.Web/sites"),
        ("/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/p", None),
        ("/providers/Microsoft.Management/managementGroups/m", "Microsoft.Management/managementGroups"),
        (GROUP.upper(), "Microsoft.Resources/resourceGroups"),
        ("/subscriptions/s", "Microsoft.Resources/subscriptions"),
    ],
)
def test_an_id_tells_the_type_of_what_it_names(resource_id: str, expected: str | None) -> None:
    assert resource_type_of(resource_id) == (expected or "Microsoft.Authorization/policyAssignments")


@pytest.mark.parametrize("wrong", ["", "/", "/subscriptions", f"{GROUP}/providers/Microsoft.Web", f"{SITE}/slots"])
def test_what_is_no_id_has_no_type(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a resource id"):
        resource_type_of(wrong)


def test_a_name_can_not_lead_a_request_elsewhere() -> None:
    assert path_of(f"{SITE}?x=1#y") == f"{SITE}%3Fx=1%23y"
    assert (
        path_of(f"{GROUP}/providers/Microsoft.Web/sites/a b%2Fc")
        == f"{GROUP}/providers/Microsoft.Web/sites/a%20b%252Fc"
    )
    for wrong in (f"{SITE}/../b", f"{SITE}//b", f"{SITE}/./b"):
        with pytest.raises(ValueError, match="not a resource id"):
            path_of(wrong)


def test_an_id_of_a_deployment_tells_scope_and_name() -> None:
    assert split_deployment_id(f"{GROUP}{DEPLOYMENTS.upper()}/a.b") == (GROUP, "a.b")
    assert split_deployment_id(f"{S}{DEPLOYMENTS}/a") == (S, "a")
    for wrong in (SITE, f"{S}{DEPLOYMENTS}/", f"{S}{DEPLOYMENTS}/a/operations"):
        with pytest.raises(ValueError, match="not the id"):
            split_deployment_id(wrong)
