"""Codes of what is not there, or not yet: something that another template makes, an identity that is too young."""

from armature.errors.entry import COMMON_ERRORS, LEARN, TROUBLESHOOTING, entry, says
from armature.errors.model import FailureClass, Recovery

_ORDER = (
    "{missing} does not exist. Add the template that makes it to dependsOn in the manifest, or create it first. See "
    "that its name, resource group and subscription are spelt right."
)
_NOT_FOUND = f"{TROUBLESHOOTING}error-not-found"

_IS_GONE = says("not found", "could not be found", "does not exist")

ENTRIES = (
    *(
        entry(code, FailureClass.MISSING_DEPENDENCY, _ORDER, _NOT_FOUND)
        for code in ("ResourceNotFound", "NotFound", "InvalidResourceReference", "SubnetNotFound", "HTTP 404")
    ),
    entry(
        "ParentResourceNotFound",
        FailureClass.MISSING_DEPENDENCY,
        "The parent {missing} does not exist. Name the parent in dependsOn, in the template or, when another template "
        "makes it, in the manifest.",
        f"{TROUBLESHOOTING}error-parent-resource",
    ),
    entry(
        "ResourceGroupNotFound",
        FailureClass.MISSING_DEPENDENCY,
        "Resource group {group} does not exist. Make it: az group create -n {group} -l REGION. Let a template of the "
        "bundle make it, or correct its name.",
        COMMON_ERRORS,
    ),
    entry(
        "LinkedInvalidPropertyId",
        FailureClass.MISSING_DEPENDENCY,
        "The property does not hold the id of a resource: {value}. Make the id with resourceId(), and see that what it "
        "names exists.",
        f"{TROUBLESHOOTING}error-invalid-name-segments",
    ),
    entry(
        "StorageAccountNotFound",
        FailureClass.MISSING_DEPENDENCY,
        "Correct the storage account's name and resource group, or add the template that makes it to dependsOn.",
        COMMON_ERRORS,
    ),
    entry(
        "DeploymentNotFound",
        FailureClass.MISSING_DEPENDENCY,
        "There is no deployment {deployment} in the scope's history. It was deleted from it, or never started.",
        f"{LEARN}azure-resource-manager/templates/deployment-history",
    ),
    entry(
        "PrincipalNotFound",
        FailureClass.MISSING_DEPENDENCY,
        "Microsoft Entra does not know principal {principal} yet, or not at all. Armature waits for some minutes. If "
        "it is there and new, set principalType in the role assignment, to ServicePrincipal for a managed identity; "
        "then no directory is asked.",
        f"{LEARN}role-based-access-control/troubleshooting#symptom---assigning-a-role-to-a-new-principal-sometimes-fails",
        recovery=Recovery.WAIT,
    ),
    entry(
        "RoleDefinitionDoesNotExist",
        FailureClass.MISSING_DEPENDENCY,
        "There is no role of that id. Correct roleDefinitionId, or add the template that makes the role to dependsOn.",
        f"{LEARN}role-based-access-control/built-in-roles",
    ),
    entry(
        "PolicyDefinitionNotFound",
        FailureClass.MISSING_DEPENDENCY,
        "Correct the policy definition's id, or add the template that makes it to dependsOn.",
        f"{LEARN}governance/policy/concepts/definition-structure-basics",
    ),
    entry(
        "KeyVaultParameterReferenceNotFound",
        FailureClass.MISSING_DEPENDENCY,
        "There is no Key Vault {vault}. Correct the parameter's reference in the manifest, or add the template that "
        "makes the vault to dependsOn.",
        f"{LEARN}azure-resource-manager/templates/key-vault-parameter",
    ),
    entry(
        "FailedIdentityOperation",
        FailureClass.MISSING_DEPENDENCY,
        "A managed identity that the resource names does not exist. Add the template that makes it to dependsOn, or "
        "correct its id.",
        "https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview",
        when=_IS_GONE,
    ),
    entry(
        "NetworkAclsValidationFailure",
        FailureClass.MISSING_DEPENDENCY,
        "A subnet that the network rules name does not exist. Add the template that makes it to dependsOn, or correct "
        "its id.",
        f"{LEARN}storage/common/storage-network-security",
        when=_IS_GONE,
    ),
    entry(
        "ImageNotFound",
        FailureClass.TEMPLATE,
        "Correct publisher, offer, sku and version of the image: az vm image list --all -p PUBLISHER.",
        f"{LEARN}virtual-machines/linux/cli-ps-findimage",
    ),
)
