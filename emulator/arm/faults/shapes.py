"""The shapes in which providers' errors arrive: the same failure, told plainly or in a way that hides it."""

import json
from typing import Any

from emulator.arm.errors import ArmError, ToldError
from emulator.faults.parameters import ResourceFailure

_PAGE = (
    "<!DOCTYPE html>\r\n<html>\r\n<head><title>{status}</title></head>\r\n"
    "<body><h2>{code}</h2><p>{message}</p></body>\r\n</html>"
)
_ENVELOPE = (
    "The resource write operation failed to complete successfully, because it reached terminal provisioning state "
    "'Failed'."
)


def shaped(failure: ResourceFailure) -> ArmError:
    """The failure as an error whose `status_message` is what the deployment's operation shows of it.

    plain: ARM's error; nested: two levels of details; jsonInMessage: a whole JSON document in the message; string: only
    a text; html: a page in the message; capitals: the `Code`/`Message` shape of Microsoft.Web.
    """
    status, code, message = failure.status, failure.code, failure.message
    plain = {"code": code, "message": message}
    match failure.shape:
        case "plain":
            return ArmError(status, code, message)
        case "nested":
            inner = {"code": "MultipleErrorsOccurred", "message": "Please see details.", "details": [plain]}
            return ArmError(status, "ResourceDeploymentFailure", _ENVELOPE, details=[inner])
        case "jsonInMessage":
            return ArmError(status, "Conflict", _dumped({"status": "Failed", "error": plain}))
        case "html":
            page = _PAGE.format(status=status, code=code, message=message)
            return ToldError(status, "BadGateway", page, page)
        case "string":
            return ToldError(status, code, message, message)
        case "capitals":
            document = {
                "Code": code,
                "Message": message,
                "Target": None,
                "Details": [{"Message": message}, {"Code": code}, {"ErrorEntity": {"Code": code, "Message": message}}],
                "Innererror": None,
            }
            return ToldError(status, code, _dumped(document), document)


def _dumped(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2).replace("\n", "\r\n")
