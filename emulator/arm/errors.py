"""The errors that Resource Manager answers: one exception, and the wordings that several places share."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any


class ArmError(Exception):
    """A refusal: HTTP status, code, message, and what ARM puts beside them.

    The shape is that of ARM's common contract: `{"error": {code, message, target, details, additionalInfo}}`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: Sequence[dict[str, Any]] = (),
        additional_info: Sequence[dict[str, Any]] = (),
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = list(details)
        self.additional_info = list(additional_info)

    def as_dict(self) -> dict[str, Any]:
        """The error object, without the `error` envelope."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        if self.additional_info:
            error["additionalInfo"] = self.additional_info
        return error

    @property
    def status_code_name(self) -> str:
        """The status as deployment operations name it: `OK`, `NotFound`, `Conflict`."""
        return status_code_name(self.status)


class ToldError(ArmError):
    """An error that a deployment's operation tells in a shape of its own; elsewhere it is as ARM repeats it."""

    def __init__(self, status: int, code: str, message: str, status_message: Any) -> None:
        super().__init__(status, code, message)
        self.status_message = status_message


def status_of(name: str) -> int:
    """The HTTP status of its .NET name, `Conflict` is 409; 500 for a name that is none."""
    return next((int(status) for status in HTTPStatus if status_code_name(status) == name), 500)


def status_code_name(status: int) -> str:
    """The name .NET gives an HTTP status, which is what operations show."""
    return "OK" if status == HTTPStatus.OK else HTTPStatus(status).phrase.replace(" ", "")


def subscription_not_found(subscription: str) -> ArmError:
    """The subscription of the path is not one of ours."""
    return ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def resource_group_not_found(group: str) -> ArmError:
    """The resource group does not exist."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def resource_group_being_deleted(group: str) -> ArmError:
    """Writes into a group that is on its way out are refused."""
    return ArmError(
        409,
        "ResourceGroupBeingDeleted",
        f"The resource group '{group}' is in deprovisioning state and cannot perform this operation.",
    )


def resource_not_found(resource_type: str, name: str, group: str | None) -> ArmError:
    """The resource does not exist; inside a group and outside of one ARM words it differently."""
    if group is None:
        return ArmError(404, "ResourceNotFound", f"The Resource '{resource_type}/{name}' was not found.")
    message = (
        f"The Resource '{resource_type}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", message)


def parent_resource_not_found(parent: str) -> ArmError:
    """A child was put before its parent."""
    message = (
        "Failed to perform 'write' on resource(s) of a nested type, because the parent resource "
        f"'{parent}' could not be found."
    )
    return ArmError(404, "ParentResourceNotFound", message)


def deployment_not_found(name: str) -> ArmError:
    """No deployment of that name at the scope."""
    return ArmError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")


def invalid_request_content(reason: str) -> ArmError:
    """The body is not what is expected."""
    return ArmError(
        400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{reason}'."
    )


def invalid_template(reason: str, *, line: int = 1, column: int = 1, path: str = "") -> ArmError:
    """The template can't be deployed; `line`, `column` and `path` say where, as `TemplateViolation` does."""
    place = {"lineNumber": line, "linePosition": column, "path": path}
    return ArmError(
        400,
        "InvalidTemplate",
        f"Deployment template validation failed: '{reason}'.",
        additional_info=[{"type": "TemplateViolation", "info": place}],
    )


def emulator_mistake() -> ArmError:
    """Something that should not have happened here, and is no answer of Azure's."""
    return ArmError(500, "InternalServerError", "The emulator made a mistake; its log holds the trace.")


def deployment_failed(target: str, details: Sequence[dict[str, Any]] = ()) -> ArmError:
    """The envelope of a deployment with failed operations; also all that a parent learns of a nested one."""
    message = (
        "At least one resource deployment operation failed. Please list deployment operations for details. "
        "Please see https://aka.ms/arm-deployment-operations for usage details."
    )
    return ArmError(409, "DeploymentFailed", message, target=target, details=details)
