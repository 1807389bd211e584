"""A realistic answer, or exception, for every row of the table of codes, by the row's title.

Worded as Azure words them in its documentation and in answers quoted in public, with made-up names.
"""

import json
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any

import requests
from azure.core import exceptions
from azure.identity import CredentialUnavailableError

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-shop"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/shop"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/shopdata"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm1"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-shop"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/web"
DEPLOYMENT = f"{GROUP}/providers/Microsoft.Resources/deployments/web"
PRINCIPAL = "11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True)
class Answered:
    """An HTTP answer, of ARM or of storage."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    is_storage: bool = False


@dataclass(frozen=True)
class Raised:
    """An exception of an SDK that carries no answer."""

    error: Exception


Body = Answered | Raised


def arm(status: int, code: str, message: str, target: str | None = None, **more: Any) -> Answered:
    """An error as ARM's common contract has it."""
    error = {"code": code, "message": message, **({"target": target} if target else {}), **more}
    return Answered(status, {"error": error})


def preflight(code: str, message: str, target: str | None = None, **more: Any) -> Answered:
    """An error that the providers' preflight found, inside its envelope."""
    inner = {"code": code, "message": message, **({"target": target} if target else {}), **more}
    envelope = {
        "code": "InvalidTemplateDeployment",
        "message": "The template deployment 'web' is not valid according to the validation procedure. The tracking id "
        "is '5f1d'. See inner errors for details.",
        "details": [inner],
    }
    return Answered(400, {"error": envelope})


def hidden(code: str, message: str, target: str | None = None) -> Answered:
    """An error inside a message, as a deployment's answer hides it."""
    inner = {"code": code, "message": message, **({"target": target} if target else {})}
    text = json.dumps({"status": "Failed", "error": inner}, indent=2).replace("\n", "\r\n")
    details = [{"code": "Conflict", "message": text}]
    return Answered(409, {"error": {"code": "DeploymentFailed", "message": "At least one failed.", "details": details}})


def storage(status: int, code: str, message: str) -> Answered:
    """An error of blob storage."""
    body = (
        f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}\nRequestId:b1\n'
        "Time:2025-11-02T09:00:00Z</Message></Error>"
    )
    return Answered(status, body, {"x-ms-error-code": code, "Content-Type": "application/xml"}, is_storage=True)


def entra(message: str) -> Raised:
    """What azure-identity raises when Microsoft Entra refuses."""
    return Raised(
        exceptions.ClientAuthenticationError(f"Authentication failed: {message} Trace ID: 1 Correlation ID: 2")
    )


def unsent(reason: Exception) -> Raised:
    """A request that azure-core could not send, with what its transport says."""
    return Raised(exceptions.ServiceRequestError(str(reason), error=requests.ConnectionError(reason)))


def _page(status: int, heading: str) -> Answered:
    return Answered(status, f"<html><head><title>{heading}</title></head><body><h1>{heading}</h1></body></html>")


_CORES = (
    "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. "
    "Additional details "
    "- Deployment Model: Resource Manager, Location: eastus2, Current Limit: 10, Current Usage: 8, Additional "
    "Required: "
    "4, (Minimum) New Limit Required: 12. Submit a request for Quota increase at https://aka.ms/ProdportalCRP."
)
_BUSY = "The service is busy. Please try again later."
_OTHER = (
    "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: "
    "https://management.azure.com/x."
)
_FORBIDDEN = (
    f"The client 'app' with object id '{PRINCIPAL}' does not have authorization to perform action "
    f"'Microsoft.Web/sites/write' over scope '{SITE}' or the scope is invalid."
)
_LINKED = (
    f"The client 'app' with object id '{PRINCIPAL}' has permission to perform action "
    "'Microsoft.Web/sites/write' on scope "
    f"'{SITE}'; however, it does not have permission to perform action(s) "
    f"'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '{SUBNET}' (respectively) or the "
    "linked scope(s) are invalid."
)
_POLICY = (
    "Resource 'shopdata' was disallowed by policy. Policy identifiers: "
    '\'[{"policyAssignment":{"name":"Allowed places",'
    f'"id":"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/places"}},"policyDefinition":{{"name":'
    '"Allowed locations","id":"/providers/Microsoft.Authorization/policyDefinitions/e56962a6"}}]\'.'
)
_POLICY_INFO = [
    {
        "type": "PolicyViolation",
        "info": {
            "policyDefinitionDisplayName": "Allowed locations",
            "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/e56962a6",
            "policyAssignmentDisplayName": "Allowed places",
            "policyAssignmentName": "places",
            "policyAssignmentId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/places",
        },
    }
]
_SERVED = (
    "No registered resource provider found for location 'eastus2' and API version '{}' for type 'sites'. The supported "
    "api-versions are '2022-09-01, 2023-12-01'. The supported locations are 'eastus2, westeurope'."
)
_HELD = (
    "A vault with the same name already exists in deleted state. You need to either recover or purge existing "
    "key vault. "
    "Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete."
)
_SIGNATURE = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
    "including "
    "the signature. Signature not valid in the specified time frame"
)
_VIOLATION = [{"type": "TemplateViolation", "info": {"lineNumber": 12, "linePosition": 9, "path": "resources[0]"}}]

_NAMED = {
    "InternalServerError": "There was an unexpected error while processing the request.",
    "InternalError": "An internal error occurred. Please retry.",
    "InternalOperationError": "The internal operation failed.",
    "ServerBusy": _BUSY,
    "ServiceBusy": _BUSY,
    "ServiceUnavailable": "The service is temporarily unavailable.",
    "TemporarilyUnavailable": "The resource provider is temporarily unavailable.",
    "ServerTimeout": "The server timed out.",
    "GatewayTimeout": "The gateway did not receive a response from 'Microsoft.Web' within the specified time period.",
    "BadGateway": "The gateway did not receive a proper response.",
    "RequestTimeout": "The request timed out.",
    "OperationTimedOut": "The operation timed out.",
    "RetryableError": "A retryable error occurred.",
}
_SLOW = {
    "TooManyRequests": "The request is being throttled as the limit has been reached for operation type - "
    "Write_1Minutes.",
    "SubscriptionRequestsThrottled": "Number of requests for subscription '1' and operation 'PUT' exceeded the limit.",
    "ResourceRequestsThrottled": "Too many requests for the resource. Try again after '17' seconds.",
    "ResourceCollectionRequestsThrottled": "Operation 'GET' failed as server encountered too many requests. Try later.",
    "TenantRequestsThrottled": "Number of requests for tenant '1' exceeded the limit of '12000'.",
}
_WORK = {
    "AnotherOperationInProgress": _OTHER,
    "OperationInProgress": "An operation is in progress on the resource.",
    "ConcurrentOperation": "Another operation is being performed on the server.",
    "ConflictingConcurrentWriteNotAllowed": "Conflicting concurrent write is not allowed. Please retry.",
    "RetryableErrorDueToAnotherOperation": f"Operation on {SUBNET} was retried due to another operation.",
    "OperationPreempted": "The operation has been preempted by a more recent operation.",
}
_USED = {
    "InUseSubnetCannotBeDeleted": f"Subnet web is in use by {GROUP}/providers/Microsoft.Network/networkInterfaces/nic1"
    "/ipConfigurations/one and cannot be deleted.",
    "InUseNetworkSecurityGroupCannotBeDeleted": "Network security group nsg cannot be deleted because it is in "
    "use by the "
    f"following resources: {SUBNET}.",
    "InUseRouteTableCannotBeDeleted": f"Route table rt is in use and cannot be deleted: {SUBNET}.",
    "PublicIPAddressCannotBeDeleted": f"Public IP address ip can not be deleted since it is still allocated to "
    "resource "
    f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic1.",
    "NicInUse": f"Network Interface nic1 is used by existing resource {MACHINE}.",
    "NicInUseWithPrivateEndpoint": "Network Interface nic2 is used by a private endpoint.",
    "RoleDefinitionHasAssignments": "There are existing role assignments referencing role (in use).",
    "CannotDeleteResource": "Cannot delete resource while nested resources exist.",
}
_MISSING = {
    "ResourceNotFound": "The Resource 'Microsoft.Web/serverfarms/plan' under resource group 'rg-shop' was not found.",
    "NotFound": "Cannot find serverfarm with name plan.",
    "InvalidResourceReference": f"Resource {SUBNET} referenced by resource {SITE} was not found.",
    "SubnetNotFound": "Subnet 'web' was not found.",
}
_QUOTAS = {
    "QuotaExceeded": _CORES,
    "ResourceQuotaExceeded": "The resource quota of '200' has been exceeded.",
    "SubscriptionQuotaExceeded": "Subscription quota exceeded for region eastus2.",
    "InsufficientQuota": "This operation require 60 new capacity in quota Tokens Per Minute, which is bigger than the "
    "current available capacity 10. The current quota usage is 230 and the quota limit is 240 for quota Tokens "
    "Per Minute.",
    "SubscriptionIsOverQuotaForSku": "Operation cannot be completed without additional quota. Location: East US, "
    "Current Limit (Basic VMs): 0, Current Usage: 0, Amount required for this deployment (Basic VMs): 1. (Minimum) "
    "New Limit that you should request to enable this deployment: 1.",
    "MaxStorageAccountsCountPerSubscriptionExceeded": "Subscription '1' already contains 250 storage accounts "
    "in location "
    "'eastus2' and the maximum allowed is 250.",
    "StorageAccountQuotaExceeded": "The quota of storage accounts is exceeded.",
    "PublicIPCountLimitReached": "Cannot create more than 10 public IP addresses for this subscription in this region.",
    "RoleAssignmentLimitExceeded": "No more role assignments can be created (code: RoleAssignmentLimitExceeded).",
}
_FULL = {
    "AllocationFailed": "Allocation failed. We do not have sufficient capacity for the requested VM size in "
    "this region.",
    "ZonalAllocationFailed": "Allocation failed. We do not have sufficient capacity for the requested VM size "
    "in this zone.",
    "OverconstrainedAllocationRequest": "Allocation failed. VM(s) with the following constraints cannot be allocated.",
    "OverconstrainedZonalAllocationRequest": "Allocation failed. VM(s) with these constraints cannot be "
    "allocated: zone 1.",
}
_WRONG = {
    "InvalidRequestContent": "The request content was invalid and could not be deserialized: 'Could not find member'.",
    "InvalidRequestFormat": "Cannot parse the request.",
    "InvalidParameter": "The value of parameter 'adminPassword' is invalid.",
    "InvalidParameterValue": "Invalid value given for parameter Password.",
    "InvalidResource": "The resource is invalid.",
    "InvalidDeployment": "The deployment is invalid: 'location' is not allowed at this scope.",
    "InvalidValuesForRequestParameters": "Values for request parameters are invalid: kind.",
    "InvalidRequestPropertyValue": "The value 'Hott' is not allowed for property accessTier.",
    "DeploymentOutputEvaluationFailed": "Unable to evaluate template outputs: 'url'.",
}
_TYPES = {
    "InvalidResourceType": "The resource type 'site' could not be found in the namespace 'Microsoft.Web' for "
    "api version "
    "'2022-09-01'.",
    "InvalidResourceName": "Resource name 'a b' is invalid.",
    "MismatchingResourceSegments": "Incorrect segment lengths for resource 'vnet/web' of type "
    "'Microsoft.Network/vnets'.",
}
_LOOPS = ("TemplateResourceCircularDependency", "InvalidTemplateCircularDependency")
_LARGE = {
    "JobSizeExceeded": "The deployment metadata for resources exceeds the limit of '1048576' bytes.",
    "DeploymentJobSizeExceeded": "The job size of the deployment exceeds the limit.",
    "RequestContentTooLarge": "The request content size exceeds the maximum size of 4 MB.",
}
_TAKEN = {
    "StorageAccountAlreadyTaken": "The storage account named shopdata is already taken.",
    "StorageAccountAlreadyExists": "The storage account named 'shopdata' already exists under the subscription.",
    "StorageAccountInAnotherResourceGroup": "The account shopdata is already in another resource group.",
    "NameAlreadyExists": "The name 'sql-shop' already exists. Choose a different name.",
    "AlreadyInUse": "The registry DNS name shop.azurecr.io is already in use.",
    "DnsRecordInUse": "DNS record shop.eastus2.cloudapp.azure.com is already used by another public IP.",
}
_ADDRESSES = {
    "PrivateIPAddressInReservedRange": "Private static IP address 10.0.0.1 falls within reserved IP range of subnet.",
    "PrivateIPAddressNotInSubnet": "Private static IP address 10.9.0.4 does not belong to the range of subnet prefix.",
    "PrivateIPAddressIsAllocated": "IP configuration one is using the private IP address 10.0.0.4 already allocated.",
    "NetcfgSubnetRangesOverlap": "Subnet 'web' is not valid because its IP address range overlaps with another.",
    "NetcfgSubnetRangeOutsideVnet": "Subnet 'web' is not valid because its IP address range is outside the network's.",
    "VnetAddressSpacesOverlap": "Cannot create or update peering. Virtual networks cannot be peered: address space.",
    "VnetAddressSpaceOverlapsWithItself": "The address space of vnet overlaps with itself: 10.0.0.0/16, 10.0.1.0/24.",
    "InvalidCIDRNotation": "The address prefix 10.0.0.1/24 has an invalid CIDR notation.",
    "InvalidPrivateIPAddressFormat": "The private IP address '10.0.0' is invalid.",
    "NoAddressPrefixOrPoolProvided": "No address prefix or pool was provided for subnet web.",
    "InUsePrefixCannotBeDeleted": "IpPrefix 10.0.0.0/24 on Subnet web has active allocations and cannot be deleted.",
}
_OTHER_WRONGS = {
    "VaultNameNotValid": "The vault name 'kv' is invalid. A vault's name must be between 3-24 alphanumeric characters.",
    "InvalidServerName": "Server name 'SQL' can be only lower-case letters, digits and hyphens.",
    "InvalidRegistryName": "The registry name 'shop-1' is invalid.",
    "InvalidLoginName": "The provided login name 'admin' is not allowed.",
    "InvalidActionGroupShortName": "The groupShortName of an action group has 1 to 12 characters.",
    "TooManyTags": "The maximum number of tags is 50.",
    "DuplicateTagNames": "Tag names must be unique, without regard to case.",
    "InvalidTagNameCharacters": "The tag name 'a?b' has reserved characters.",
    "InvalidTagNameLength": "The tag name is too long; the maximum length for tag name - '512' characters.",
    "InvalidTagValueLength": "The tag value is too long; the maximum length for tag value - '256' characters.",
    "BadParameter": "The request URI contains an invalid name: a_b.",
    "InvalidFirewallRule": "The start address of the firewall rule is above its end.",
    "NetworkAclsValidationFailure": "Validation of network acls failure: the default action is invalid.",
    "NetworkInterfaceMustHaveAtLeastOneIpConfiguration": "Network Interface nic1 must have an IP configuration.",
    "PrivateEndpointMustHaveExactlyOnePrivateLinkServiceConnection": "Private endpoint pe must have one connection.",
    "SecurityRuleConflict": "Security rule a conflicts with rule b: both have priority 100.",
    "SecurityRuleInvalidPriority": "Security rule has invalid Priority. Value provided: 1 Allowed range 100-4096.",
    "SecurityRuleParameterMissing": "Required security rule parameters are missing for security rule a: Protocol.",
    "FailedIdentityOperation": "Identity operation for resource failed with error 'The identity type is invalid'.",
    "InvalidResourceOperation": "The requested resource type 'sites' does not support the action 'x'.",
    "InvalidPrincipalId": "A valid principal ID must be provided for role assignment.",
    "InvalidRoleAssignmentId": "The role assignment ID 'x' is not valid. It must be a GUID.",
    "InvalidRoleAssignmentRequest": "The role assignment request is missing the required property 'principalId'.",
    "RoleDefinitionWithSameNameExists": "A role with the name 'Shop' already exists in this directory.",
    "PasswordNotComplex": "Password validation failed. The password does not meet policy requirements.",
    "InvalidLockLevel": "The lock level 'Never' is invalid.",
    "InvalidPolicyRule": "Failed to parse policy rule: 'No then'.",
    "UnauthorizedForCredentialOperations": "Cannot list the credentials as admin user is disabled.",
    "CustomDomainInUse": "The subdomain name 'shop' is already used. Please pick a different name.",
    "NamespaceUnavailable": "Namespace name 'shop' is not available; the specified name is already in use.",
}
_ENVELOPES = {
    "DeploymentFailed": "At least one resource deployment operation failed.",
    "ResourceDeploymentFailure": "The resource operation completed with terminal provisioning state 'Failed'.",
    "MultipleErrorsOccurred": "Multiple error occurred: see details.",
    "Failed": "It failed.",
    "ResourceOperationFailure": "The resource operation failed.",
    "PreflightValidationCheckFailed": "Preflight validation failed. Please refer to the details for the errors.",
    "DownstreamEndpointError": "The downstream endpoint answered an error.",
    "Conflict": "The web site cannot be modified in its present state.",
    "ConflictError": "The request can't be carried out.",
    "DeploymentFailedCleanUp": "Unable to delete resources that are not part of the template: 'shopdata'.",
    "BadRequest": "The parameter WEBSITE_CONTENTSHARE has an invalid value.",
}
_CANCELLED = {
    "OperationAborted": "The operation was canceled before it had ended.",
    "DeploymentCancelled": "The deployment was canceled by the user.",
    "DeploymentCanceled": "The deployment was canceled by the user.",
    "OperationCanceled": "The operation was canceled.",
    "NestedDeploymentShortCircuited": "The nested deployment was not started since a sibling failed.",
}
_SDK = {
    "AzureError": exceptions.AzureError("something"),
    "HttpResponseError": exceptions.HttpResponseError("no answer"),
    "SerializationError": exceptions.SerializationError("can't serialize"),
    "DeserializationError": exceptions.DeserializationError("can't deserialize"),
    "TooManyRedirectsError": exceptions.TooManyRedirectsError([]),
    "ResourceNotFoundError": exceptions.ResourceNotFoundError("no such thing"),
    "ResourceModifiedError": exceptions.ResourceModifiedError("changed"),
    "ResourceExistsError": exceptions.ResourceExistsError("there already"),
    "IncompleteReadError": exceptions.IncompleteReadError("half of it"),
    "ServiceRequestError": exceptions.ServiceRequestError("could not be sent"),
    "ServiceRequestTimeoutError": exceptions.ServiceRequestTimeoutError("too late"),
    "ServiceResponseError": exceptions.ServiceResponseError("could not be received"),
    "ServiceResponseTimeoutError": exceptions.ServiceResponseTimeoutError("too late"),
}

_IN_PROGRESS = (
    "the message says “in progress” or “is being” or “another operation” or “currently running” or “try again "
    "later” or "
    "“is updating”"
)
_DELETED = (
    "the message says “deleted state” or “soft delete” or “soft-delete” or “recoverable state” or “recover or purge”"
)

BODIES: dict[str, Body] = {
    **{code: arm(503, code, message) for code, message in _NAMED.items()},
    **{f"HTTP {status}": arm(status, "Unheard", "Something.") for status in (408, 429, 500, 502, 503, 504, 507, 412)},
    **{f"HTTP {status}": arm(status, "Unheard", "Something.") for status in (401, 403, 404, 413)},
    **{code: arm(429, code, message) for code, message in _SLOW.items()},
    **{code: hidden(code, message, SITE) for code, message in _WORK.items()},
    **{code: arm(400, code, message, SUBNET) for code, message in _USED.items()},
    **{code: arm(404, code, message) for code, message in _MISSING.items()},
    **{code: preflight(code, message) for code, message in _QUOTAS.items()},
    **{code: hidden(code, message, MACHINE) for code, message in _FULL.items()},
    **{code: arm(400, code, message) for code, message in _WRONG.items()},
    **{code: arm(400, code, message) for code, message in _TYPES.items()},
    **{code: arm(400, code, "Circular dependency detected on resource: 'a'.") for code in _LOOPS},
    **{code: arm(413, code, message) for code, message in _LARGE.items()},
    **{code: preflight(code, message) for code, message in _TAKEN.items()},
    **{code: arm(400, code, message) for code, message in (_ADDRESSES | _OTHER_WRONGS).items()},
    **{code: arm(409, code, message) for code, message in _ENVELOPES.items()},
    **{code: hidden(code, message) for code, message in _CANCELLED.items()},
    **{code: Raised(error) for code, error in _SDK.items()},
    # momentary
    "ServerBusy, from storage": storage(503, "ServerBusy", "The server is busy."),
    "AnswerUnreadable": Raised(exceptions.DecodeError("JSON is invalid: Expecting value")),
    "OperationNotAllowed, when the message says “throttl”": arm(
        409, "OperationNotAllowed", "The request is throttled."
    ),
    # connections
    "ConnectionRefused": unsent(ConnectionRefusedError(111, "Connection refused")),
    "ConnectionReset": unsent(ConnectionResetError(104, "Connection reset by peer")),
    "ConnectionTimedOut": Raised(exceptions.ServiceResponseError("x", error=requests.ReadTimeout("Read timed out."))),
    "HostUnreachable": unsent(OSError(113, "No route to host")),
    "NameResolutionFailed": unsent(socket.gaierror(-2, "Name or service not known")),
    "TlsInterrupted": unsent(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
    "ConnectionError": Raised(requests.ConnectionError("broken")),
    "CertificateNotTrusted": unsent(ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed")),
    "StreamConsumedError": Raised(type("StreamConsumedError", (exceptions.AzureError,), {})("read already")),
    "StreamClosedError": Raised(type("StreamClosedError", (exceptions.AzureError,), {})("closed already")),
    "ResponseNotReadError": Raised(type("ResponseNotReadError", (exceptions.AzureError,), {})("not read")),
    # identity
    "CredentialUnavailable": Raised(CredentialUnavailableError("No managed identity endpoint found.")),
    "IdentityEndpointUnreachable": Raised(
        CredentialUnavailableError("ManagedIdentityCredential: [Errno 111] Connection refused")
    ),
    "PrincipalUnknown": arm(401, "PrincipalUnknown", "The token does not say which identity it is for."),
    "AADSTS90033": entra("AADSTS90033: A transient error has occurred. Please try again."),
    "AADSTS700024": entra("AADSTS700024: Client assertion is not within its valid time range."),
    "AADSTS7000215": entra("AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value."),
    "AADSTS7000222": entra(f"AADSTS7000222: The provided client secret keys for app '{PRINCIPAL}' are expired."),
    "AADSTS700016": entra(
        f"AADSTS700016: Application with identifier '{PRINCIPAL}' was not found in the directory 'Contoso'."
    ),
    "AADSTS90002": entra("AADSTS90002: Tenant 'contoso.example' not found."),
    "AADSTS500011": entra("AADSTS500011: The resource principal named https://management.example was not found."),
    "AADSTS70021": entra("AADSTS70021: No matching federated identity record found for presented assertion."),
    "AADSTS53003": entra("AADSTS53003: Access has been blocked by Conditional Access policies."),
    "ExpiredAuthenticationToken": arm(
        401,
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time '11/2/2025 8:00:00 AM' is earlier than current UTC time '11/2/2025 "
        "9:00:00 AM'.",
    ),
    "InvalidAuthenticationTokenAudience": arm(
        401,
        "InvalidAuthenticationTokenAudience",
        "The access token has been obtained for wrong audience or resource 'https://vault.azure.net'.",
    ),
    "InvalidAuthenticationToken, when the message says “audience”": arm(
        401, "InvalidAuthenticationToken", "The access token has been obtained for wrong audience or resource 'x'."
    ),
    "InvalidAuthenticationToken, when the message says “expired” or “expiry” or “lifetime” or “not yet valid”": arm(
        401, "InvalidAuthenticationToken", "The access token is not yet valid."
    ),
    "InvalidAuthenticationToken": arm(401, "InvalidAuthenticationToken", "The access token is invalid."),
    "InvalidAuthenticationTokenTenant": arm(
        401,
        "InvalidAuthenticationTokenTenant",
        "The access token is from the wrong issuer 'https://sts.windows.net/x/'. It must match the tenant "
        f"'https://sts.windows.net/{PRINCIPAL}/' associated with this subscription.",
    ),
    "AuthenticationFailedInvalidHeader": arm(
        401, "AuthenticationFailedInvalidHeader", "The 'Authorization' header is provided in an invalid format."
    ),
    # storage
    "InvalidContentLink, when the message says “exceeds the maximum size”": arm(
        400,
        "InvalidContentLink",
        "The deployment content from 'https://a.example/t.json' exceeds the maximum size of 1.",
    ),
    "InvalidContentLink": arm(
        400, "InvalidContentLink", "Unable to download deployment content from 'https://a.example/t/web.json'."
    ),
    "InvalidTemplateLink": arm(400, "InvalidTemplateLink", "The template link is invalid."),
    "LinkedTemplateNotFound": arm(400, "LinkedTemplateNotFound", "The linked template was not found."),
    "AuthenticationFailed, when the message says “signature not valid in the specified time frame” or "
    "“signature fields "
    "not well formed”": arm(403, "AuthenticationFailed", _SIGNATURE),
    "AuthenticationFailed, from storage": storage(403, "AuthenticationFailed", "Server failed to authenticate."),
    "NoAuthenticationInformation, from storage": storage(401, "NoAuthenticationInformation", "None was given."),
    "InvalidAuthenticationInfo": storage(401, "InvalidAuthenticationInfo", "Authentication information is not valid."),
    "AuthorizationPermissionMismatch": storage(403, "AuthorizationPermissionMismatch", "Not with this permission."),
    "InsufficientAccountPermissions": storage(403, "InsufficientAccountPermissions", "Not with these permissions."),
    "AuthorizationFailure": storage(403, "AuthorizationFailure", "This request is not authorized."),
    "AuthorizationSourceIPMismatch": storage(
        403, "AuthorizationSourceIPMismatch", "This request is not authorized using this source IP 10.1.2.3."
    ),
    "HTTP 401, from storage": storage(401, "Unheard", "No."),
    "HTTP 403, from storage": storage(403, "Unheard", "No."),
    "KeyBasedAuthenticationNotPermitted": storage(403, "KeyBasedAuthenticationNotPermitted", "No keys here."),
    "PublicAccessNotPermitted": storage(409, "PublicAccessNotPermitted", "No public access here."),
    "AccountIsDisabled": storage(403, "AccountIsDisabled", "The specified account is disabled."),
    "AccountBeingCreated": storage(409, "AccountBeingCreated", "The account is in the process of being created."),
    "StorageAccountIsNotProvisioned": arm(
        409, "StorageAccountIsNotProvisioned", "The storage account provisioning state must be 'Succeeded'.", ACCOUNT
    ),
    "ContainerBeingDeleted": storage(409, "ContainerBeingDeleted", "The specified container is being deleted."),
    "LeaseIdMissing": storage(412, "LeaseIdMissing", "There is currently a lease on the blob."),
    "LeaseAlreadyPresent": storage(409, "LeaseAlreadyPresent", "There is already a lease present."),
    "ConditionNotMet": storage(412, "ConditionNotMet", "The condition specified is not met."),
    "ContainerNotFound": storage(404, "ContainerNotFound", "The specified container does not exist."),
    "BlobNotFound": storage(404, "BlobNotFound", "The specified blob does not exist."),
    "ContainerAlreadyExists": storage(409, "ContainerAlreadyExists", "The specified container already exists."),
    "BlobAlreadyExists": storage(409, "BlobAlreadyExists", "The specified blob already exists."),
    "Md5Mismatch": storage(400, "Md5Mismatch", "The MD5 value did not match."),
    # quota
    "OperationNotAllowed, when the message says “quota” or “cores”": arm(409, "OperationNotAllowed", _CORES),
    "DeploymentQuotaExceeded": arm(
        409,
        "DeploymentQuotaExceeded",
        "Creating the deployment 'web' would exceed the quota of '800'. The current deployment count is '800'.",
        DEPLOYMENT,
    ),
    "SkuNotAvailable": preflight(
        "SkuNotAvailable",
        "The requested VM size Standard_D2 is currently not available in location 'eastus2' zones '' for subscription.",
        MACHINE,
    ),
    "LocationNotAvailableForResourceType": arm(
        400,
        "LocationNotAvailableForResourceType",
        "The provided location 'eastus9' is not available for resource type 'Microsoft.Web/sites'. List of available "
        "regions for the resource type is 'eastus2,westeurope'.",
    ),
    "LocationNotAvailableForResourceGroup": arm(
        400,
        "LocationNotAvailableForResourceGroup",
        "The provided location 'eastus9' is not available for resource group. List of available regions is 'eastus2'.",
    ),
    "RegionDoesNotAllowProvisioning": arm(
        409, "RegionDoesNotAllowProvisioning", "Location 'East US' is not accepting creation of new servers."
    ),
    "SubnetIsFull": arm(400, "SubnetIsFull", "Subnet web with address prefix 10.0.0.0/29 is full."),
    # conflicts
    "DeploymentActive": arm(
        409,
        "DeploymentActive",
        "Unable to edit or replace deployment 'web': previous deployment from '11/02/2025 08:00:00 AM' is still active "
        "(expiration time is '11/09/2025 08:00:00 AM').",
    ),
    "DeploymentActiveAndUneditable": arm(
        409, "DeploymentActiveAndUneditable", "The deployment 'web' is still active and can't be edited."
    ),
    "DeploymentBeingDeleted": arm(409, "DeploymentBeingDeleted", "The deployment 'web' is being deleted."),
    **{
        f"{code}, when {_IN_PROGRESS}": arm(409, code, "Another operation is in progress.", SITE)
        for code in ("Conflict", "ConflictError", "OperationNotAllowed")
    },
    "ResourceGroupBeingDeleted": arm(
        409, "ResourceGroupBeingDeleted", "The resource group 'rg-shop' is in deprovisioning state."
    ),
    "ResourceBeingDeleted": arm(409, "ResourceBeingDeleted", "The resource is being deleted."),
    "ReferencedResourceNotProvisioned": arm(
        409, "ReferencedResourceNotProvisioned", f"Cannot proceed because {SUBNET} is not in Succeeded state."
    ),
    "PreconditionFailed": arm(412, "PreconditionFailed", "The condition 'If-Match' was not satisfied."),
    "DeploymentCannotBeCancelled": arm(409, "DeploymentCannotBeCancelled", "The deployment cannot be cancelled."),
    "DeploymentTimedOut": arm(408, "DeploymentTimedOut", "The deployment was stopped after seven days."),
    # missing
    "ParentResourceNotFound": arm(
        404,
        "ParentResourceNotFound",
        "Failed to perform 'write' on resource(s) of type 'servers/databases', because the parent resource "
        f"'{GROUP}/providers/Microsoft.Sql/servers/sql' could not be found.",
    ),
    "ResourceGroupNotFound": arm(404, "ResourceGroupNotFound", "Resource group 'rg-shop' could not be found."),
    "LinkedInvalidPropertyId": arm(
        400, "LinkedInvalidPropertyId", "Property id 'plan' at path 'properties.serverFarmId' is invalid."
    ),
    "StorageAccountNotFound": arm(404, "StorageAccountNotFound", "The storage account shopdata was not found."),
    "DeploymentNotFound": arm(404, "DeploymentNotFound", "Deployment 'web' could not be found."),
    "PrincipalNotFound": arm(
        400,
        "PrincipalNotFound",
        "Principal 11111111222233334444555555555555 does not exist in the directory 'd'. Check that you have "
        "the correct "
        "principal ID.",
    ),
    "RoleDefinitionDoesNotExist": arm(
        404, "RoleDefinitionDoesNotExist", "The specified role definition with ID 'B24988AC' does not exist."
    ),
    "PolicyDefinitionNotFound": arm(404, "PolicyDefinitionNotFound", "The policy definition 'p' could not be found."),
    "KeyVaultParameterReferenceNotFound": arm(
        400, "KeyVaultParameterReferenceNotFound", f"The specified KeyVault '{VAULT}' could not be found."
    ),
    "FailedIdentityOperation, when the message says “not found” or “could not be found” or “does not exist”": arm(
        400,
        "FailedIdentityOperation",
        f"Identity operation for resource '{SITE}' failed with error 'Failed to perform resource identity operation. "
        'Status: \'BadRequest\'. Response: \'{"error":{"code":"BadRequest","message":"Resource id was not found."}}\'.',
    ),
    "NetworkAclsValidationFailure, when the message says “not found” or “could not be found” or “does not exist”": arm(
        400, "NetworkAclsValidationFailure", "Validation of network acls failure: SubnetNotFound:Subnet web not found."
    ),
    "ImageNotFound": arm(404, "ImageNotFound", "The platform image 'a:b:c:latest' is not available."),
    # registration
    "MissingSubscriptionRegistration": arm(
        409,
        "MissingSubscriptionRegistration",
        "The subscription is not registered to use namespace 'Microsoft.Web'. See https://aka.ms/rps-not-found.",
        details=[
            {
                "code": "MissingSubscriptionRegistration",
                "target": "Microsoft.Web",
                "message": "The subscription is not registered to use namespace 'Microsoft.Web'.",
            }
        ],
    ),
    "SubscriptionNotRegistered": arm(
        409, "SubscriptionNotRegistered", "The subscription is not registered with 'Microsoft.Web'.", SITE
    ),
    "InvalidSubscriptionRegistrationState": arm(
        409, "InvalidSubscriptionRegistrationState", "The registration state for namespace 'Microsoft.Web' is invalid."
    ),
    "MissingRegistrationForLocation": arm(
        409,
        "MissingRegistrationForLocation",
        "The subscription is not registered for the resource type 'sites' in the location 'eastus2'.",
        SITE,
    ),
    "NoRegisteredProviderFound, when the API version and location that it names are among those that it lists": arm(
        400, "NoRegisteredProviderFound", _SERVED.format("2022-09-01"), SITE
    ),
    "NoRegisteredProviderFound": arm(400, "NoRegisteredProviderFound", _SERVED.format("2099-01-01"), SITE),
    "ResourceTypeNotRegistered": arm(409, "ResourceTypeNotRegistered", "The type 'sites' is not registered."),
    "FeatureNotRegistered": arm(
        409,
        "FeatureNotRegistered",
        "The subscription is not registered for the feature Microsoft.Network/AllowBringYourOwnPublicIpAddress.",
    ),
    # template
    "InvalidTemplate": arm(
        400,
        "InvalidTemplate",
        "Deployment template validation failed: 'The template resource 'shop' at line '12' and column '9' is "
        "not valid'.",
        additionalInfo=_VIOLATION,
    ),
    "InvalidResourceNamespace": arm(
        404, "InvalidResourceNamespace", "The resource namespace 'Microsoft.Wob' is invalid."
    ),
    "InvalidResourceLocation": arm(
        409,
        "InvalidResourceLocation",
        "The resource 'shopdata' already exists in location 'westeurope' in resource group 'rg-shop'.",
    ),
    "InvalidResourceGroupLocation": arm(
        409,
        "InvalidResourceGroupLocation",
        "Invalid resource group location 'eastus2'. The Resource group already exists in location 'westeurope'.",
    ),
    "InvalidDeploymentLocation": arm(
        409,
        "InvalidDeploymentLocation",
        "Invalid deployment location 'eastus2'. The deployment 'web' already exists in location 'westeurope'.",
    ),
    "LocationRequired": arm(400, "LocationRequired", "The location property is required for this definition."),
    "InvalidApiVersionParameter": arm(
        400,
        "InvalidApiVersionParameter",
        "The api-version '2099-01-01' is invalid. The supported versions are '2022-09-01,2021-04-01'.",
    ),
    "MissingApiVersionParameter": arm(
        400, "MissingApiVersionParameter", "The api-version query parameter is required."
    ),
    "DuplicateResourceName": arm(400, "DuplicateResourceName", "The resource 'shop' is defined multiple times."),
    "InvalidDeploymentName": arm(400, "InvalidDeploymentName", "The deployment name 'a b' is invalid."),
    "InvalidResourceGroup": arm(400, "InvalidResourceGroup", "The provided resource group name 'a%' is invalid."),
    "AccountNameInvalid": preflight("AccountNameInvalid", "Shop_Data is not a valid storage account name.", ACCOUNT),
    "AccountPropertyCannotBeSet": arm(
        400, "AccountPropertyCannotBeSet", "The property 'accessTier' was specified in the input, but it cannot be set."
    ),
    "AccountPropertyCannotBeUpdated": arm(
        400, "AccountPropertyCannotBeUpdated", "The property 'isHnsEnabled' cannot be updated."
    ),
    "ReservedResourceName": arm(400, "ReservedResourceName", "The resource name 'login' is a trademark or reserved."),
    "MethodNotAllowed": arm(
        405, "MethodNotAllowed", "The resource type 'Microsoft.Network/virtualNetworks/subnets' does not support tags."
    ),
    "PropertyChangeNotAllowed": arm(
        409, "PropertyChangeNotAllowed", "Changing property 'osDisk.name' is not allowed.", "osDisk.name"
    ),
    "SubnetsNotInSameVnet": arm(400, "SubnetsNotInSameVnet", "Subnets are not in the same virtual network."),
    "VaultAlreadyExists": arm(409, "VaultAlreadyExists", "The vault name 'kv-shop' is already in use.", VAULT),
    "FlagMustBeSetForRestore": arm(
        409,
        "FlagMustBeSetForRestore",
        f"An existing resource with ID '{GROUP}/providers/Microsoft.CognitiveServices/accounts/ai' has been "
        "soft-deleted. "
        "To restore the resource, you must specify 'restore' to be 'true' in the property.",
    ),
    "NameUnavailable": arm(409, "NameUnavailable", "The specified name is already in use."),
    **{f"{code}, when {_DELETED}": hidden(code, _HELD, VAULT) for code in ("ConflictError", "Conflict")},
    "CanNotRestoreANonExistingResource": arm(
        409, "CanNotRestoreANonExistingResource", "The resource can't be restored: there is none."
    ),
    "OperationNotAllowed": arm(409, "OperationNotAllowed", "The disk is attached to a machine."),
    # policies
    **{
        code: preflight(code, _POLICY, "shopdata", additionalInfo=_POLICY_INFO)
        for code in ("RequestDisallowedByPolicy", "DisallowedByPolicy", "PolicyViolation")
    },
    "RequestDisallowedByAzure": arm(
        403, "RequestDisallowedByAzure", "Resource 'shop' was disallowed by Azure: region: 'eastus'."
    ),
    "DenyPublicEndpointEnabled": arm(409, "DenyPublicEndpointEnabled", "Public endpoints are denied on this server."),
    # permissions
    "AuthorizationFailed": arm(403, "AuthorizationFailed", _FORBIDDEN),
    "Forbidden": arm(403, "Forbidden", _FORBIDDEN),
    "LinkedAuthorizationFailed": arm(403, "LinkedAuthorizationFailed", _LINKED),
    "LinkedAccessCheckFailed": hidden(
        "LinkedAccessCheckFailed",
        f"The client with object id '{PRINCIPAL}' does not have authorization to perform action "
        f"'Microsoft.Network/publicIPAddresses/join/action' over scope '{SUBNET}' or the scope is invalid.",
    ),
    "AuthenticationFailed": arm(401, "AuthenticationFailed", "The 'Authorization' header is missing."),
    "DenyAssignmentAuthorizationFailed": arm(
        403,
        "DenyAssignmentAuthorizationFailed",
        f"The client 'app' with object id '{PRINCIPAL}' has permission to perform action "
        "'Microsoft.Web/sites/write' on "
        f"scope '{SITE}'; however, the access is denied because of the deny assignment with name 'managed'.",
    ),
    "RoleAssignmentExists": hidden("RoleAssignmentExists", "The role assignment already exists."),
    "RoleAssignmentUpdateNotPermitted": arm(
        400, "RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope can't be updated."
    ),
    "ScopeLocked": arm(
        409,
        "ScopeLocked",
        f"The scope '{SITE}' cannot perform write operation because following scope(s) are locked: '{GROUP}'. Please "
        "remove the lock and try again.",
    ),
    "KeyVaultParameterReferenceAuthorizationFailed": arm(
        403,
        "KeyVaultParameterReferenceAuthorizationFailed",
        f"The client 'app' with object id '{PRINCIPAL}' does not have permission to perform action "
        f"'MICROSOFT.KEYVAULT/VAULTS/DEPLOY/ACTION' on the specified KeyVault resource '{VAULT}'.",
    ),
    "KeyVaultParameterReferenceSecretRetrieveFailed": arm(
        400,
        "KeyVaultParameterReferenceSecretRetrieveFailed",
        "The secret of KeyVault parameter 'adminPassword' cannot be retrieved. Http status code: 'NotFound'.",
    ),
    "SubscriptionNotFound": arm(404, "SubscriptionNotFound", f"The subscription '{PRINCIPAL}' could not be found."),
    "ReadOnlyDisabledSubscription": arm(
        409, "ReadOnlyDisabledSubscription", "The subscription is disabled and therefore marked as read only."
    ),
    "PurgeProtectionEnabled": arm(409, "PurgeProtectionEnabled", "Purge protection is enabled for this vault."),
    # envelopes
    "InvalidTemplateDeployment": arm(400, "InvalidTemplateDeployment", "The template deployment 'web' is not valid."),
    "Unknown": Answered(422, {"message": "Something else."}),
}
