"""Codes of storage, and of ARM when it could not read a template from storage.

Sources: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes and its neighbour
blob-service-error-codes (2025-11).
"""

from armature.errors.entry import COMMON_ERRORS, LEARN, Speaker, entry, says
from armature.errors.model import FailureClass, Recovery

_COMMON = "https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes"
_BLOB = "https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes"
_ROLE = (
    "The app's identity needs the role Storage Blob Data Contributor on the storage account; a new role takes up to "
    "ten minutes to be seen."
)
_SAS = "Armature tries again with a fresh SAS. If it goes on, look at the clock of the machine that the app runs on."
_DOWNLOAD = (
    "ARM could not download {uri}. See that the storage account of the templates can be reached from ARM, not being "
    "behind a firewall or a private endpoint, and that the link leads to a file of the bundle."
)
_REFUSED_SIGNATURE = says("signature not valid in the specified time frame", "signature fields not well formed")

ENTRIES = (
    entry(
        "InvalidContentLink",
        FailureClass.TEMPLATE,
        "The linked template is {uri}. Make it smaller than 4 MB: split it, or move long values into files.",
        f"{LEARN}azure-resource-manager/templates/best-practices#template-limits",
        when=says("exceeds the maximum size"),
    ),
    *(
        entry(code, FailureClass.STORAGE_ACCESS, _DOWNLOAD, f"{LEARN}azure-resource-manager/templates/linked-templates")
        for code in ("InvalidContentLink", "InvalidTemplateLink", "LinkedTemplateNotFound")
    ),
    entry("AuthenticationFailed", FailureClass.STORAGE_ACCESS, _SAS, _COMMON, when=_REFUSED_SIGNATURE),
    entry("AuthenticationFailed", FailureClass.STORAGE_ACCESS, _SAS, _COMMON, speaker=Speaker.STORAGE),
    entry("NoAuthenticationInformation", FailureClass.STORAGE_ACCESS, _SAS, _COMMON, speaker=Speaker.STORAGE),
    entry("InvalidAuthenticationInfo", FailureClass.STORAGE_ACCESS, _SAS, _COMMON),
    entry("AuthorizationPermissionMismatch", FailureClass.STORAGE_ACCESS, _ROLE, _COMMON),
    entry("InsufficientAccountPermissions", FailureClass.STORAGE_ACCESS, _ROLE, _COMMON),
    entry(
        "AuthorizationFailure",
        FailureClass.STORAGE_ACCESS,
        f"The storage account's firewall may refuse the app. Let the app's network through. {_ROLE}",
        _COMMON,
    ),
    entry(
        "AuthorizationSourceIPMismatch",
        FailureClass.STORAGE_ACCESS,
        "The SAS was used from {address}. It is for other addresses: let ARM use it, and nobody else.",
        _COMMON,
        recovery=Recovery.FAIL,
    ),
    entry("HTTP 401", FailureClass.STORAGE_ACCESS, _ROLE, _COMMON, speaker=Speaker.STORAGE),
    entry("HTTP 403", FailureClass.STORAGE_ACCESS, _ROLE, _COMMON, speaker=Speaker.STORAGE),
    entry(
        "KeyBasedAuthenticationNotPermitted",
        FailureClass.POLICY,
        "The storage account takes no shared keys. Use a user-delegation SAS or a managed identity.",
        _COMMON,
    ),
    entry(
        "PublicAccessNotPermitted",
        FailureClass.POLICY,
        "The storage account allows no public access. Leave publicAccess out of the container, or allow it on the "
        "account.",
        _BLOB,
    ),
    entry(
        "AccountIsDisabled",
        FailureClass.AUTHORIZATION,
        "The storage account is disabled, as in a subscription without credit: look at the subscription's state.",
        _COMMON,
    ),
    entry(
        "AccountBeingCreated",
        FailureClass.RESOURCE_CONFLICT,
        "Armature waits until the storage account is ready.",
        _COMMON,
    ),
    entry(
        "StorageAccountIsNotProvisioned",
        FailureClass.RESOURCE_CONFLICT,
        "Armature waits until the storage account is ready.",
        COMMON_ERRORS,
    ),
    entry(
        "ContainerBeingDeleted",
        FailureClass.RESOURCE_CONFLICT,
        "A container of that name is being deleted. Armature waits until it is gone.",
        _BLOB,
    ),
    *(
        entry(code, FailureClass.RESOURCE_CONFLICT, "Somebody holds a lease on it. Armature waits for its end.", _BLOB)
        for code in ("LeaseIdMissing", "LeaseAlreadyPresent")
    ),
    entry(
        "ConditionNotMet",
        FailureClass.RESOURCE_CONFLICT,
        "Somebody changed it at the same moment. Armature reads it again and tries again.",
        _BLOB,
    ),
    *(
        entry(code, FailureClass.MISSING_DEPENDENCY, "What the message names is not in the storage account.", _BLOB)
        for code in ("ContainerNotFound", "BlobNotFound")
    ),
    *(
        entry(code, FailureClass.TEMPLATE, "It exists already: choose another name, or remove it.", _BLOB)
        for code in ("ContainerAlreadyExists", "BlobAlreadyExists")
    ),
    entry("Md5Mismatch", FailureClass.TRANSIENT, "A transfer was damaged. Armature tries it again.", _COMMON),
)
