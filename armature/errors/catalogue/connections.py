"""Names of what keeps a request or its answer from arriving: those of sockets and TLS, and azure-core's exceptions.

Source of the exceptions: https://learn.microsoft.com/python/api/azure-core/azure.core.exceptions (azure-core 1.35).
"""

from armature.errors.entry import LEARN, entry
from armature.errors.model import FailureClass, Recovery

_NETWORK = f"{LEARN}azure-functions/functions-networking-options"
_EXCEPTIONS = "https://learn.microsoft.com/python/api/azure-core/azure.core.exceptions"
_REACH = (
    "Armature asks again until it can be reached. If it goes on, look at the app's outbound network: virtual network, "
    "firewall, proxy and DNS."
)
_FAULT = "This is a fault of Armature's or of the SDK's: report it, with the correlation id and the app's version."

_UNREACHED = {
    "ConnectionRefused": "Nothing listens at the address that the app asked. ",
    "ConnectionReset": "The connection was cut. ",
    "ConnectionTimedOut": "No answer came in time. ",
    "HostUnreachable": "There is no way to the address that the app asked. ",
    "NameResolutionFailed": "The name of the service could not be resolved: look at the virtual network's DNS servers "
    "and private DNS zones. ",
    "TlsInterrupted": "The TLS connection was cut: look for a device on the way that inspects TLS. ",
    "ConnectionError": "",
    "IncompleteReadError": "The answer broke off. ",
    "ServiceRequestError": "The request could not be sent. ",
    "ServiceRequestTimeoutError": "The request could not be sent in time. ",
    "ServiceResponseError": "The answer could not be received. ",
    "ServiceResponseTimeoutError": "The answer did not come in time. ",
}
_FAULTS = (
    "AzureError HttpResponseError SerializationError DeserializationError StreamConsumedError StreamClosedError "
    "ResponseNotReadError TooManyRedirectsError"
).split()

ENTRIES = (
    *(
        entry(code, FailureClass.TRANSIENT, told + _REACH, _NETWORK, recovery=Recovery.OUTWAIT)
        for code, told in _UNREACHED.items()
    ),
    entry(
        "CertificateNotTrusted",
        FailureClass.UNKNOWN,
        "The app does not trust the certificate that the address shows. Give the app the authority that signed it "
        "(REQUESTS_CA_BUNDLE and SSL_CERT_FILE name a file of certificates), or take the device that inspects TLS out "
        "of the way.",
        f"{LEARN}developer/python/sdk/azure-sdk-configure-proxy",
    ),
    entry("ResourceNotFoundError", FailureClass.MISSING_DEPENDENCY, "Create what the message names.", _EXCEPTIONS),
    entry(
        "ResourceModifiedError",
        FailureClass.RESOURCE_CONFLICT,
        "Somebody changed it at the same moment. Armature reads it again and tries again.",
        _EXCEPTIONS,
    ),
    entry(
        "ResourceExistsError",
        FailureClass.TEMPLATE,
        "Something of that name exists already: choose another name, or remove it.",
        _EXCEPTIONS,
    ),
    *(entry(code, FailureClass.UNKNOWN, _FAULT, _EXCEPTIONS) for code in _FAULTS),
)
