import pytest

from armature.errors import Cause, Failure, failure_from_causes, failure_from_error
from armature.errors.facts import fact, id_type, scope_of
from tests.armature.errors.bodies import ACCOUNT, BODIES, GROUP, PRINCIPAL, SITE, SUBNET, SUBSCRIPTION, VAULT, Answered


def failure_of_body(title: str) -> Failure:
    body = BODIES[title]
    assert isinstance(body, Answered)
    return failure_from_error(body.body, status=body.status)


HELPFUL: list[tuple[str, list[str]]] = [
    ("QuotaExceeded", ["Total Regional Cores is 10", "8 are used", "needs 4 more in eastus2", "Ask for 12"]),
    ("MaxStorageAccountsCountPerSubscriptionExceeded", ["storage accounts is 250", "250 are used"]),
    ("InsufficientQuota", ["The quota Tokens Per Minute is 240", "230 are used"]),
    ("SubscriptionIsOverQuotaForSku", ["The quota Basic VMs is 0", "needs 1 more in East US", "Ask for 1, as"]),
    ("InUseNetworkSecurityGroupCannotBeDeleted", [f"still uses it: {SUBNET}."]),
    ("NicInUse", ["/virtualMachines/vm1."]),
    ("InvalidParameterValue", ["parameter Password"]),
    ("RegionDoesNotAllowProvisioning", ["Region East US takes"]),
    ("PublicIPCountLimitReached", ["public IP addresses is 10"]),
    ("DeploymentQuotaExceeded", ["800 deployments"]),
    ("SkuNotAvailable", ["Standard_D2 can't be had in eastus2", "az vm list-skus -l eastus2"]),
    ("ZonalAllocationFailed", ["in this zone"]),
    ("LocationNotAvailableForResourceType", ["Microsoft.Web/sites can't be had in eastus9", "eastus2, westeurope"]),
    (
        "NoRegisteredProviderFound",
        ["sites is not served with API version 2099-01-01", "2023-12-01, 2022-09-01"],
    ),
    ("MissingSubscriptionRegistration", ["az provider register -n Microsoft.Web"]),
    ("FeatureNotRegistered", ["--namespace Microsoft.Network --name AllowBringYourOwnPublicIpAddress"]),
    (
        "AuthorizationFailed",
        [
            f"{PRINCIPAL} may not do Microsoft.Web/sites/write on {SITE}",
            f"--assignee-object-id {PRINCIPAL} --assignee-principal-type ServicePrincipal",
            f"--role Contributor --scope {GROUP}.",
        ],
    ),
    ("LinkedAuthorizationFailed", ["subnets/join/action on " + SUBNET, f"--role Contributor --scope {SUBNET}"]),
    ("ScopeLocked", [f"Locked is {GROUP}", "az lock list --resource-group rg-shop"]),
    (
        "RequestDisallowedByPolicy",
        ["Policy Allowed locations, assigned as Allowed places", f"--name places --scope {SUBSCRIPTION}"],
    ),
    ("InvalidParameter", ["parameter adminPassword"]),
    ("KeyVaultParameterReferenceSecretRetrieveFailed", ["parameter adminPassword"]),
    ("PropertyChangeNotAllowed", ["Property osDisk.name"]),
    ("StorageAccountAlreadyTaken", ["The name shopdata is taken"]),
    ("InvalidDeploymentLocation", ["exists in westeurope"]),
    ("DeploymentActive", ["web still runs, since 11/02/2025 08:00:00 AM", "cancel -n web"]),
    ("ResourceGroupNotFound", ["az group create -n rg-shop"]),
    ("ParentResourceNotFound", ["/providers/Microsoft.Sql/servers/sql does not exist"]),
    ("PrincipalNotFound", ["principal 11111111222233334444555555555555", "principalType"]),
    ("VaultAlreadyExists", ["az keyvault recover -n kv-shop", "az keyvault purge -n kv-shop"]),
    ("FlagMustBeSetForRestore", ["az cognitiveservices account recover -n ai -g rg-shop -l REGION"]),
]


@pytest.mark.parametrize(("title", "words"), HELPFUL, ids=[title for title, _ in HELPFUL])
def test_a_suggestion_names_what_the_message_tells(title: str, words: list[str]) -> None:
    suggestion = failure_of_body(title).suggestion

    assert [word for word in words if word not in suggestion] == [], suggestion
    assert "{" not in suggestion


def test_whoever_gives_roles_needs_a_role_that_may() -> None:
    message = (
        f"The client 'a' with object id '{PRINCIPAL}' does not have authorization to perform action "
        f"'Microsoft.Authorization/roleAssignments/write' over scope '{ACCOUNT}/providers/a.b/c/d'."
    )

    found = failure_from_causes([Cause(code="AuthorizationFailed", message=message)])

    assert "--role 'Role Based Access Control Administrator'" in found.suggestion


def test_a_soft_deleted_vault_is_purged_by_the_name_of_the_resource() -> None:
    held = Cause(code="ConflictError", message="A vault exists in deleted state.", target=VAULT)

    assert "az keyvault purge -n kv-shop" in failure_from_causes([held]).suggestion


def test_what_a_message_does_not_tell_is_left_out() -> None:
    found = failure_from_causes([Cause(code="QuotaExceeded", message="No.")])

    assert found.suggestion == (
        "Ask for more quota in the portal (Usage + quotas), free some, or use another size or region."
    )


def test_a_suggestion_is_as_clean_as_a_message() -> None:
    message = "Unable to download deployment content from 'https://a.example/t.json?sv=1&sig=SECRETSECRET'."

    found = failure_from_causes([Cause(code="InvalidContentLink", message=message)])

    assert "SECRET" not in found.suggestion


@pytest.mark.parametrize(
    ("resource_id", "kind", "scope"),
    [
        (SITE, "Microsoft.Web/sites", GROUP),
        (SUBNET, "Microsoft.Network/virtualNetworks/subnets", GROUP),
        (f"{SITE}/providers/Microsoft.Insights/diagnosticSettings/d", "Microsoft.Insights/diagnosticSettings", SITE),
        (GROUP, None, None),
        ("shop", None, None),
        (None, None, None),
    ],
)
def test_an_id_tells_its_type_and_scope(resource_id: str | None, kind: str | None, scope: str | None) -> None:
    assert (id_type(resource_id), scope_of(resource_id)) == (kind, scope)


def test_a_fact_is_never_longer_than_a_line_or_two() -> None:
    cause = Cause(code="X", message=f"parameter '{'p' * 1000}'")

    assert len(fact(cause, "parameter") or "") == 200


def test_what_others_say_is_quoted_in_a_command() -> None:
    message = "Resource group 'rg; rm -rf $HOME' could not be found."

    found = failure_from_causes([Cause(code="ResourceGroupNotFound", message=message)])

    assert "az group create -n 'rg; rm -rf $HOME' -l REGION" in found.suggestion
