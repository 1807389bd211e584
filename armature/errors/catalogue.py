"""The codes of Azure's services, and what they mean."""

from armature.errors.model import FailureClass, Recovery

RECOVERY_OF_CLASS = {
    FailureClass.TRANSIENT: Recovery.BACK_OFF,
    FailureClass.THROTTLED: Recovery.BACK_OFF,
    FailureClass.STORAGE_ACCESS: Recovery.FRESH_SAS,
    FailureClass.RESOURCE_CONFLICT: Recovery.WAIT,
    FailureClass.MISSING_DEPENDENCY: Recovery.AFTER_PROGRESS,
    FailureClass.NOT_REGISTERED: Recovery.REGISTER_PROVIDER,
}

HARDEST_FIRST = (
    FailureClass.AUTHORIZATION,
    FailureClass.POLICY,
    FailureClass.TEMPLATE,
    FailureClass.QUOTA,
    FailureClass.UNKNOWN,
    FailureClass.NOT_REGISTERED,
    FailureClass.MISSING_DEPENDENCY,
    FailureClass.RESOURCE_CONFLICT,
    FailureClass.STORAGE_ACCESS,
    FailureClass.THROTTLED,
    FailureClass.TRANSIENT,
)

RETRIED_AFTER_A_WAIT = frozenset(
    {
        FailureClass.TRANSIENT,
        FailureClass.THROTTLED,
        FailureClass.STORAGE_ACCESS,
        FailureClass.RESOURCE_CONFLICT,
    }
)

_CODES: dict[FailureClass, str] = {
    FailureClass.TRANSIENT: "InternalServerError InternalError ServerBusy ServiceUnavailable ServerTimeout "
    "GatewayTimeout BadGateway RequestTimeout OperationTimedOut RetryableError ServiceBusy TemporarilyUnavailable "
    "InternalOperationError ConnectionError",
    FailureClass.THROTTLED: "TooManyRequests SubscriptionRequestsThrottled ResourceRequestsThrottled "
    "ResourceCollectionRequestsThrottled TenantRequestsThrottled",
    FailureClass.STORAGE_ACCESS: "InvalidContentLink InvalidTemplateLink LinkedTemplateNotFound "
    "AuthorizationPermissionMismatch AuthorizationFailure",
    FailureClass.RESOURCE_CONFLICT: "DeploymentActive AnotherOperationInProgress OperationInProgress "
    "ConcurrentOperation ConflictingConcurrentWriteNotAllowed ResourceGroupBeingDeleted ResourceBeingDeleted "
    "ReferencedResourceNotProvisioned PreconditionFailed InUseSubnetCannotBeDeleted",
    FailureClass.MISSING_DEPENDENCY: "ResourceNotFound NotFound ParentResourceNotFound InvalidResourceReference "
    "ResourceGroupNotFound LinkedInvalidPropertyId SubnetNotFound PrincipalNotFound",
    FailureClass.NOT_REGISTERED: "MissingSubscriptionRegistration SubscriptionNotRegistered ResourceTypeNotRegistered "
    "FeatureNotRegistered NoRegisteredProviderFound",
    FailureClass.QUOTA: "QuotaExceeded ResourceQuotaExceeded DeploymentQuotaExceeded PublicIPCountLimitReached "
    "SubscriptionQuotaExceeded SkuNotAvailable AllocationFailed ZonalAllocationFailed "
    "OverconstrainedAllocationRequest InsufficientQuota LocationNotAvailableForResourceType "
    "RegionDoesNotAllowProvisioning",
    FailureClass.TEMPLATE: "InvalidTemplate InvalidRequestContent InvalidParameter InvalidResource "
    "InvalidResourceType InvalidResourceName InvalidResourceLocation InvalidDeploymentLocation "
    "InvalidApiVersionParameter InvalidRequestFormat DuplicateResourceName TemplateResourceCircularDependency "
    "JobSizeExceeded AccountNameInvalid StorageAccountAlreadyTaken StorageAccountAlreadyExists ReservedResourceName "
    "PropertyChangeNotAllowed RequestContentTooLarge",
    FailureClass.POLICY: "RequestDisallowedByPolicy RequestDisallowedByAzure DisallowedByPolicy PolicyViolation",
    FailureClass.AUTHORIZATION: "AuthorizationFailed LinkedAuthorizationFailed InvalidAuthenticationToken "
    "InvalidAuthenticationTokenTenant ExpiredAuthenticationToken DenyAssignmentAuthorizationFailed Forbidden "
    "RoleAssignmentUpdateNotPermitted KeyVaultParameterReferenceAuthorizationFailed AuthenticationFailed "
    "KeyVaultParameterReferenceSecretRetrieveFailed SubscriptionNotFound ScopeLocked",
}
CLASS_OF_CODE = {code.lower(): kind for kind, codes in _CODES.items() for code in codes.split()}

ENVELOPES = frozenset(
    (
        "deploymentfailed deploymentfailedcleanup resourcedeploymentfailure invalidtemplatedeployment "
        "multipleerrorsoccurred badrequest conflict conflicterror failed resourceoperationfailure "
        "downstreamendpointerror"
    ).split()
)
"""Codes that only wrap: they decide nothing while something is inside them."""

CLASS_OF_STATUS = {
    408: FailureClass.TRANSIENT,
    429: FailureClass.THROTTLED,
    500: FailureClass.TRANSIENT,
    502: FailureClass.TRANSIENT,
    503: FailureClass.TRANSIENT,
    504: FailureClass.TRANSIENT,
    401: FailureClass.AUTHORIZATION,
    403: FailureClass.AUTHORIZATION,
    404: FailureClass.MISSING_DEPENDENCY,
    412: FailureClass.RESOURCE_CONFLICT,
}

SUGGESTIONS = {
    FailureClass.TRANSIENT: "Azure did not answer in time. Deploy again; if it persists, look at Azure service health.",
    FailureClass.THROTTLED: "Azure limits how fast requests may come. Lower maxConcurrency or deploy again later.",
    FailureClass.STORAGE_ACCESS: "ARM could not download a template. Check that the artifact storage account can be "
    "reached from ARM and that the app holds Storage Blob Data Contributor on it.",
    FailureClass.RESOURCE_CONFLICT: "Another operation works on the same resource. Wait for its end and deploy again.",
    FailureClass.MISSING_DEPENDENCY: "Something that the template names does not exist. Add the template that makes "
    "it to dependsOn, or create it first.",
    FailureClass.NOT_REGISTERED: "Register the resource provider in the subscription: az provider register -n NAME.",
    FailureClass.QUOTA: "Ask for more quota in the portal (Usage + quotas), or use another size or region.",
    FailureClass.TEMPLATE: "Correct the template or its parameters in the bundle and deploy again.",
    FailureClass.POLICY: "A policy forbids this resource. Change the template, or ask its owner for an exemption.",
    FailureClass.AUTHORIZATION: "Give the app's identity the role that the message names, on the scope it names.",
    FailureClass.UNKNOWN: "Look at the deployment's operations in the portal, with the correlation id at hand.",
}

SUGGESTIONS_OF_CODES = {
    "subscriptionnotfound": "Check target.subscription. The app's identity sees the subscriptions on which it has a "
    "role, and no others.",
    "scopelocked": "Remove the lock that the message names, or deploy elsewhere.",
    "invalidauthenticationtokentenant": "The subscription belongs to another tenant than the app's identity.",
    "invaliddeploymentlocation": "A deployment of that name exists in another region: set target.location to that one.",
    "invalidresourcelocation": "The resource or group exists in another region: deploy to that region, or choose "
    "another name.",
    "storageaccountalreadytaken": "Names of storage accounts are taken worldwide: choose another.",
}
"""For codes, in lower case, of which more can be said than of their class."""

REFUSED_SIGNATURE = ("signature not valid in the specified time frame", "signature fields not well formed")
"""What storage says of a SAS, under codes that elsewhere mean that a person lacks a role."""
