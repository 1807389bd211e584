"""Codes of rights: roles that are lacking, locks, deny assignments, secrets that may not be read."""

from armature.errors.entry import LEARN, entry
from armature.errors.model import FailureClass, Recovery

_RBAC = f"{LEARN}role-based-access-control/troubleshooting"
_VAULT = f"{LEARN}azure-resource-manager/templates/key-vault-parameter"
_ROLE = (
    "{principal} may not do {action} on {scope}. Give it a role that may: az role assignment create "
    "--assignee-object-id {principal} --assignee-principal-type ServicePrincipal --role {role} --scope "
    "{assignableScope}. Give the app's identity the role that the message names, on the scope it names; a new role "
    "takes some minutes to be seen."
)
_LINKED = (
    "{principal} may not do {linkedAction} on {linkedScope}, which the resource refers to. Give it a role that may: az "
    "role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal --role "
    "{linkedRole} --scope {linkedScope}. Give the app's identity a right to what the resource refers to."
)

ENTRIES = (
    *(entry(code, FailureClass.AUTHORIZATION, _ROLE, _RBAC) for code in ("AuthorizationFailed", "Forbidden")),
    *(
        entry(code, FailureClass.AUTHORIZATION, _LINKED, _RBAC)
        for code in ("LinkedAuthorizationFailed", "LinkedAccessCheckFailed")
    ),
    *(entry(code, FailureClass.AUTHORIZATION, _ROLE, _RBAC) for code in ("HTTP 401", "HTTP 403")),
    entry(
        "AuthenticationFailed",
        FailureClass.AUTHORIZATION,
        "Azure does not know who asks. Give the app a managed identity (or sign in with az login on a developer's "
        "machine).",
        f"{LEARN}app-service/overview-managed-identity",
    ),
    entry(
        "DenyAssignmentAuthorizationFailed",
        FailureClass.AUTHORIZATION,
        "A deny assignment forbids {action} on {scope}; no role outweighs it. Change it where it comes from: a managed "
        "application, a deployment stack or a blueprint.",
        f"{LEARN}role-based-access-control/deny-assignments",
    ),
    entry(
        "RoleAssignmentExists",
        FailureClass.AUTHORIZATION,
        "The role is given already, under another name of its assignment: nothing is lacking. Make the assignment's "
        "name from scope, principal and role with guid(), so that the same assignment is found again.",
        f"{_RBAC}#symptom---arm-template-role-assignment-returns-badrequest-status",
        recovery=Recovery.TREAT_AS_DONE,
    ),
    entry(
        "RoleAssignmentUpdateNotPermitted",
        FailureClass.AUTHORIZATION,
        "An assignment of that name is for another principal, role or scope. Make its name from all three with guid(), "
        "or delete the old one.",
        f"{_RBAC}#symptom---arm-template-role-assignment-returns-badrequest-status",
    ),
    entry(
        "ScopeLocked",
        FailureClass.AUTHORIZATION,
        "A lock is a decision: ask whoever set it. Locked is {lockedScope}. See the locks: az lock list "
        "--resource-group {lockedGroup} -o table. Remove the lock, or deploy elsewhere.",
        f"{LEARN}azure-resource-manager/management/lock-resources",
    ),
    entry(
        "KeyVaultParameterReferenceAuthorizationFailed",
        FailureClass.AUTHORIZATION,
        "{principal} may not use the secrets of {vault} for deployments. Give it a role with "
        "Microsoft.KeyVault/vaults/deploy/action, such as Contributor, on the vault.",
        _VAULT,
    ),
    entry(
        "KeyVaultParameterReferenceSecretRetrieveFailed",
        FailureClass.AUTHORIZATION,
        "The secret for parameter {parameter} can't be read. Let the vault be used for deployments: az keyvault update "
        "-n VAULT --enabled-for-template-deployment true. See that the secret exists, is enabled and not expired.",
        _VAULT,
    ),
    entry(
        "SubscriptionNotFound",
        FailureClass.AUTHORIZATION,
        "Check target.subscription. It is {subscription} now. The app's identity sees the subscriptions on "
        "which it has a role, and no others.",
        f"{LEARN}azure-resource-manager/troubleshooting/common-deployment-errors",
    ),
    entry(
        "ReadOnlyDisabledSubscription",
        FailureClass.AUTHORIZATION,
        "The subscription is disabled and can only be read. Let its owner enable it again.",
        f"{LEARN}cost-management-billing/manage/subscription-disabled",
    ),
    entry(
        "PurgeProtectionEnabled",
        FailureClass.AUTHORIZATION,
        "It can't be purged before its retention ends. Recover it, wait, or choose another name.",
        f"{LEARN}key-vault/general/key-vault-recovery",
    ),
)
