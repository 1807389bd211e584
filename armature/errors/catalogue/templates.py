"""Codes of what is wrong with a template, its parameters or its names: only a changed bundle helps.

A name that a soft-deleted resource keeps is here too. It is no conflict that ends by itself, retention being days to
months; the deployment can't recover or purge on its own without losing or reviving somebody's data; and what helps is a
decision of whoever wrote the bundle: another name, recovering, or purging.
"""

from armature.errors.entry import COMMON_ERRORS, LEARN, TROUBLESHOOTING, entry, says
from armature.errors.model import FailureClass

_INVALID = f"{TROUBLESHOOTING}error-invalid-template"
_STORAGE_NAMES = f"{TROUBLESHOOTING}error-storage-account-name"
_REFERENCE = f"{LEARN}templates/"
_UPDATE = f"{LEARN}architecture/guide/azure-resource-manager/advanced-templates/update-resource"
_ADDRESSES = f"{LEARN}virtual-network/ip-services/private-ip-addresses"
_SCOPES = f"{LEARN}azure-resource-manager/templates/deploy-to-subscription"
_DELETED = f"{LEARN}key-vault/general/key-vault-recovery"
_SIZE = f"{TROUBLESHOOTING}error-job-size-exceeded"

_CORRECT = "Correct the template or its parameters in the bundle and deploy again."
_TEXT = f"Look at parameter {{parameter}}. {_CORRECT}"
_VALUE = f"Look at {{property}}. {_CORRECT}"
_TAKEN = "The name {name} is taken, and such names are the whole world's. Choose another, as with uniqueString()."
_SMALLER = "Split the template: fewer resources and copies in one deployment, long values in files of their own."
_HELD = (
    "A soft-deleted resource keeps the name {name}. To have it back: {recover}. To give it up for good: {purge}. "
    "Recover or purge the deleted resource of that name, or choose another name."
)
_DELETED_STATE = says("deleted state", "soft delete", "soft-delete", "recoverable state", "recover or purge")

_PLAIN = (
    "InvalidTemplate InvalidRequestContent InvalidRequestFormat InvalidParameter InvalidParameterValue InvalidResource "
    "InvalidDeployment InvalidValuesForRequestParameters InvalidRequestPropertyValue DeploymentOutputEvaluationFailed"
).split()
_KEEPING = ("VaultAlreadyExists", "FlagMustBeSetForRestore", "NameUnavailable")
_TAKEN_NAMES = (
    "StorageAccountAlreadyTaken StorageAccountAlreadyExists StorageAccountInAnotherResourceGroup NameAlreadyExists "
    "AlreadyInUse DnsRecordInUse CustomDomainInUse NamespaceUnavailable"
).split()
_ADDRESS_CODES = (
    "PrivateIPAddressInReservedRange PrivateIPAddressNotInSubnet PrivateIPAddressIsAllocated NetcfgSubnetRangesOverlap "
    "NetcfgSubnetRangeOutsideVnet VnetAddressSpacesOverlap VnetAddressSpaceOverlapsWithItself InvalidCIDRNotation "
    "InvalidPrivateIPAddressFormat NoAddressPrefixOrPoolProvided InUsePrefixCannotBeDeleted"
).split()
_NAME_CODES = (
    "VaultNameNotValid InvalidServerName InvalidRegistryName InvalidLoginName InvalidActionGroupShortName"
).split()
_TAG_CODES = "TooManyTags DuplicateTagNames InvalidTagNameCharacters InvalidTagNameLength InvalidTagValueLength".split()
_PROPERTY_CODES = (
    "BadParameter InvalidFirewallRule NetworkAclsValidationFailure NetworkInterfaceMustHaveAtLeastOneIpConfiguration "
    "PrivateEndpointMustHaveExactlyOnePrivateLinkServiceConnection SecurityRuleConflict SecurityRuleInvalidPriority "
    "SecurityRuleParameterMissing FailedIdentityOperation InvalidResourceOperation"
).split()
_ROLE_CODES = (
    "InvalidPrincipalId InvalidRoleAssignmentId InvalidRoleAssignmentRequest RoleDefinitionWithSameNameExists"
).split()

HELD_NAMES = (
    *(entry(code, FailureClass.TEMPLATE, _HELD, _DELETED) for code in _KEEPING),
    *(
        entry(code, FailureClass.TEMPLATE, _HELD, _DELETED, when=_DELETED_STATE)
        for code in ("ConflictError", "Conflict")
    ),
)

ENTRIES = (
    *(entry(code, FailureClass.TEMPLATE, _TEXT, _INVALID) for code in _PLAIN),
    *(
        entry(
            code,
            FailureClass.TEMPLATE,
            "Correct the resource's type and name: after the namespace both have the same number of segments.",
            f"{TROUBLESHOOTING}error-invalid-name-segments",
        )
        for code in ("InvalidResourceType", "InvalidResourceName", "MismatchingResourceSegments")
    ),
    entry(
        "InvalidResourceNamespace",
        FailureClass.TEMPLATE,
        "There is no resource provider {namespace}. Correct the resource's type.",
        _REFERENCE,
    ),
    *(
        entry(
            code,
            FailureClass.TEMPLATE,
            "It exists in {otherLocation}. Deploy to that region, or choose another name: a resource can't change its "
            "region.",
            f"{LEARN}azure-resource-manager/templates/resource-location",
        )
        for code in ("InvalidResourceLocation", "InvalidResourceGroupLocation")
    ),
    entry(
        "InvalidDeploymentLocation",
        FailureClass.TEMPLATE,
        "A deployment of that name exists in {otherLocation}. Set target.location to the region of the one that "
        "exists.",
        _SCOPES,
    ),
    entry("LocationRequired", FailureClass.TEMPLATE, "Give the resource a location.", _REFERENCE),
    *(
        entry(
            code,
            FailureClass.TEMPLATE,
            "API versions there are: {apiVersions}. Correct apiVersion in the template.",
            _REFERENCE,
        )
        for code in ("InvalidApiVersionParameter", "MissingApiVersionParameter")
    ),
    entry(
        "DuplicateResourceName",
        FailureClass.TEMPLATE,
        "Two resources of the template have the same name: rename one, or use copyIndex() in a copy's name.",
        f"{LEARN}azure-resource-manager/templates/copy-resources",
    ),
    *(
        entry(
            code,
            FailureClass.TEMPLATE,
            "Resources wait for each other in a circle. Take one dependsOn out, or split a resource in two.",
            f"{_INVALID}#circular-dependency",
        )
        for code in ("TemplateResourceCircularDependency", "InvalidTemplateCircularDependency")
    ),
    *(
        entry(code, FailureClass.TEMPLATE, _SMALLER, _SIZE)
        for code in ("JobSizeExceeded", "DeploymentJobSizeExceeded", "RequestContentTooLarge", "HTTP 413")
    ),
    entry(
        "InvalidDeploymentName",
        FailureClass.TEMPLATE,
        "Names of deployments have up to 64 letters, digits, hyphens, periods, underscores and parentheses.",
        COMMON_ERRORS,
    ),
    entry(
        "InvalidResourceGroup",
        FailureClass.TEMPLATE,
        "Names of resource groups have up to 90 letters, digits, hyphens, periods, underscores and parentheses.",
        f"{LEARN}azure-resource-manager/management/resource-name-rules",
    ),
    entry(
        "AccountNameInvalid",
        FailureClass.TEMPLATE,
        "Names of storage accounts have 3 to 24 lower-case letters and digits.",
        _STORAGE_NAMES,
    ),
    *(entry(code, FailureClass.TEMPLATE, _TAKEN, _STORAGE_NAMES) for code in _TAKEN_NAMES),
    *(
        entry(
            code,
            FailureClass.TEMPLATE,
            f"This property of a storage account can't be set, or not any more. {_VALUE}",
            f"{LEARN}templates/microsoft.storage/storageaccounts",
        )
        for code in ("AccountPropertyCannotBeSet", "AccountPropertyCannotBeUpdated")
    ),
    entry(
        "ReservedResourceName",
        FailureClass.TEMPLATE,
        "The name holds a word that Microsoft keeps to itself: choose another.",
        f"{TROUBLESHOOTING}error-reserved-resource-name",
    ),
    entry(
        "PropertyChangeNotAllowed",
        FailureClass.TEMPLATE,
        "Property {property} of a resource that exists can't be changed. Leave it as it is, or delete the resource and "
        "make it anew.",
        _UPDATE,
    ),
    entry(
        "MethodNotAllowed",
        FailureClass.TEMPLATE,
        "What was asked for is not possible with resources of this type, such as tags where it takes none.",
        f"{LEARN}azure-resource-manager/management/tag-support",
    ),
    *(entry(code, FailureClass.TEMPLATE, f"Correct the addresses. {_CORRECT}", _ADDRESSES) for code in _ADDRESS_CODES),
    *(
        entry(
            code,
            FailureClass.TEMPLATE,
            "Choose another name. The message says which lengths and characters are allowed.",
            f"{LEARN}azure-resource-manager/management/resource-name-rules",
        )
        for code in _NAME_CODES
    ),
    *(
        entry(
            code,
            FailureClass.TEMPLATE,
            "Correct the tags: at most 50, names of up to 512 characters without <>%&\\?/, values of up to 256.",
            f"{LEARN}azure-resource-manager/management/tag-resources",
        )
        for code in _TAG_CODES
    ),
    *(
        entry(code, FailureClass.TEMPLATE, f"{_VALUE} The message says what is wrong.", _REFERENCE)
        for code in _PROPERTY_CODES
    ),
    *(
        entry(
            code,
            FailureClass.TEMPLATE,
            "Correct the role or its assignment: a GUID made with guid() as its name, the principal's object id (not "
            "its application id), a role's name that nobody has.",
            f"{LEARN}role-based-access-control/role-assignments-template",
        )
        for code in _ROLE_CODES
    ),
    entry(
        "PasswordNotComplex",
        FailureClass.TEMPLATE,
        "Give a password of at least 8 characters, of three kinds among capitals, small letters, digits and signs.",
        f"{LEARN}azure-sql/database/logins-create-manage",
    ),
    entry(
        "InvalidLockLevel",
        FailureClass.TEMPLATE,
        "The level of a lock is CanNotDelete or ReadOnly.",
        f"{LEARN}azure-resource-manager/management/lock-resources",
    ),
    entry(
        "InvalidPolicyRule",
        FailureClass.TEMPLATE,
        "Correct the rule of the policy definition.",
        f"{LEARN}governance/policy/concepts/definition-structure-policy-rule",
    ),
    entry(
        "UnauthorizedForCredentialOperations",
        FailureClass.TEMPLATE,
        "The registry's admin user is disabled: enable it, or better, pull with a managed identity that has AcrPull.",
        f"{LEARN}container-registry/container-registry-authentication-managed-identity",
    ),
    entry(
        "SubnetsNotInSameVnet",
        FailureClass.TEMPLATE,
        "All network interfaces of a machine lie in one virtual network: correct their subnets.",
        f"{LEARN}virtual-machines/windows/multiple-nics",
    ),
    entry(
        "CanNotRestoreANonExistingResource",
        FailureClass.TEMPLATE,
        "There is nothing to recover: leave restore out of the resource's properties.",
        f"{LEARN}ai-services/recover-purge-resources",
    ),
    entry(
        "OperationNotAllowed",
        FailureClass.UNKNOWN,
        "The resource's state or size does not allow it: the message says what is in the way.",
        COMMON_ERRORS,
    ),
)
