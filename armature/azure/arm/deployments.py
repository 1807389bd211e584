"""Deployments at any scope: started, read, listed, validated, cancelled, taken out of the history."""

import json
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from armature.azure.arm import documents
from armature.azure.arm.access import DEPLOYMENTS_API_VERSION, ArmAccess, document_of, says_absent
from armature.azure.arm.ids import bare, split_deployment_id
from armature.azure.failures import arm_failures, retry_after_seconds, without_queries_within
from armature.azure.models import DEPLOYMENT_TYPE, ArmDeployment, ArmOperation, DeploymentBody
from armature.errors import FailureClass, FailureError, failure, failure_from_error
from armature.plan import DeploymentScopeTarget

VALIDATION_LOOKS = 15
VALIDATION_PAUSE_SECONDS = 2.0
"""How often, and after which pause at most, a validation is looked at that ARM goes on with after its first answer."""

_ACTIVE = "deploymentactive"
_UNDER_WAY = ("Running", "Accepted")
"""States of a deployment that works or is about to; ARM's filter takes one state at a time (Deployments - List At
Scope, 2022-09-01)."""


class Deployments(ArmAccess):
    """The part of the gateway that knows deployments."""

    def get_deployment(self, scope: DeploymentScopeTarget, name: str) -> ArmDeployment | None:
        """The deployment of that name at the scope, or None. Changes nothing."""
        return self._deployment(scope.resource_id, name)

    def deployment_at(self, deployment_id: str) -> ArmDeployment | None:
        """The deployment with that resource id, or None. Changes nothing.

        Raises:
            ValueError: it is not the id of a deployment.
        """
        return self._deployment(*split_deployment_id(deployment_id))

    def put_deployment(self, scope: DeploymentScopeTarget, name: str, body: DeploymentBody) -> ArmDeployment:
        """Start a deployment in Incremental mode and return at once, with ARM's first word on it.

        A second run while the first runs is told what runs, when that has the same tags; else ARM refuses
        (DeploymentActive). One after it deploys the same again: the caller reads the deployment first. When ARM did the
        work and its answer was lost, the try after it is such a second run.
        """
        request: Any = request_bytes(body)
        try:
            with arm_failures():
                started = self._begun(scope.resource_id, name, request)
        except FailureError as error:
            standing = self.get_deployment(scope, name) if error.failure.code.lower() == _ACTIVE else None
            if standing is None or not body.tags or standing.tags != body.tags:
                raise
            return standing
        return documents.deployment(started)

    def validate_deployment(self, scope: DeploymentScopeTarget, name: str, body: DeploymentBody) -> tuple[str, ...]:
        """Have ARM and the providers' preflight look at a deployment: the ids of the resources that it would write.

        Changes nothing in Azure but that a provider may be registered. Raises FailureError when ARM refuses it.
        """
        path = f"{_path(scope.resource_id, name)}/validate"
        with arm_failures():
            response = self._exchange("POST", path, DEPLOYMENTS_API_VERSION, request_bytes(body))
            for _ in range(VALIDATION_LOOKS):
                if response.status_code != HTTPStatus.ACCEPTED:
                    break
                pause = retry_after_seconds(response.headers.get("Retry-After"))
                time.sleep(VALIDATION_PAUSE_SECONDS if pause is None else min(pause, VALIDATION_PAUSE_SECONDS))
                response = self._exchanged(HttpRequest("GET", response.headers["Location"]))
        if response.status_code == HTTPStatus.ACCEPTED:
            message = f"Azure Resource Manager did not end its validation of {name} in time."
            raise FailureError(failure(FailureClass.TRANSIENT, "ValidationTimedOut", message))
        document = document_of(response)
        if document.get("error"):
            raise FailureError(failure_from_error(without_queries_within(document)))
        properties: dict[str, Any] = document.get("properties") or {}
        return tuple(str(item["id"]) for item in properties.get("validatedResources") or () if item.get("id"))

    def cancel_deployment(self, deployment_id: str) -> bool:
        """Have ARM start nothing more of a deployment; False when it is final or gone already.

        What it has in flight goes on, and so do the deployments that it links to: each is cancelled by itself. A second
        run answers False, or asks again, which changes nothing.

        Raises:
            ValueError: it is not the id of a deployment.
        """
        scope_id, name = split_deployment_id(deployment_id)
        with arm_failures():
            try:
                self._exchange("POST", f"{_path(scope_id, name)}/cancel", DEPLOYMENTS_API_VERSION)
            except HttpResponseError as error:
                if not (says_absent(error) or _says(error, "DeploymentCannotBeCancelled")):
                    raise
                return False
        return True

    def delete_deployment(self, deployment_id: str) -> None:
        """Take a deployment out of its scope's history; its resources stay. ARM may still work on it afterwards.

        One that is gone is success, so a second run is harmless.

        Raises:
            ValueError: it is not the id of a deployment.
            FailureError: DeploymentActive while it runs; ARM refuses.
        """
        self._delete(_path(*split_deployment_id(deployment_id)), DEPLOYMENTS_API_VERSION)

    def running_deployments(self, scope_id: str) -> list[ArmDeployment]:
        """The deployments of a scope that run now; none when there is no such scope. Changes nothing."""
        found = {
            item.id.lower(): item
            for state in _UNDER_WAY
            for item in self._listed(scope_id, f"provisioningState eq '{state}'")
        }
        return list(found.values())

    def deployments_of(self, scope_id: str) -> Iterator[ArmDeployment]:
        """The scope's history of deployments, a page a request; none when there is no such scope. Changes nothing."""
        return self._listed(scope_id, None)

    def list_operations(self, scope: DeploymentScopeTarget, name: str) -> list[ArmOperation]:
        """What the deployment does, resource by resource; empty when there is no such deployment. Changes nothing."""
        return self._operations(scope.resource_id, name)

    def operations_at(self, deployment_id: str) -> list[ArmOperation]:
        """As `list_operations`, by the deployment's resource id.

        Raises:
            ValueError: it is not the id of a deployment.
        """
        return self._operations(*split_deployment_id(deployment_id))

    def check_history(self, scope_id: str) -> None:
        """Make sure that there is such a scope, and that the app's identity may read its deployments. Changes nothing.

        Raises FailureError (ManagementGroupNotFound, AuthorizationFailed…).
        """
        self._send("GET", _history_path(scope_id), DEPLOYMENTS_API_VERSION, **{"$top": "1"})

    def _begun(self, scope_id: str, name: str, request: Any) -> Any:
        """The deployment as ARM has accepted it. The tenant, whose id is empty, has methods of its own."""
        known = self._deployments.deployments
        if scope_id:
            return known.begin_create_or_update_at_scope(bare(scope_id), name, request, polling=False).result()
        return known.begin_create_or_update_at_tenant_scope(name, request, polling=False).result()

    def _deployment(self, scope_id: str, name: str) -> ArmDeployment | None:
        with arm_failures():
            try:
                found = self._deployments.deployments
                return documents.deployment(
                    found.get_at_scope(bare(scope_id), name) if scope_id else found.get_at_tenant_scope(name)
                )
            except HttpResponseError as error:
                if not says_absent(error):
                    raise
        return None

    def _listed(self, scope_id: str, state_filter: str | None) -> Iterator[ArmDeployment]:
        with arm_failures():
            try:
                known = self._deployments.deployments
                for item in (
                    known.list_at_scope(bare(scope_id), filter=state_filter)
                    if scope_id
                    else known.list_at_tenant_scope(filter=state_filter)
                ):
                    yield documents.deployment(item)
            except HttpResponseError as error:
                if not says_absent(error):
                    raise

    def _operations(self, scope_id: str, name: str) -> list[ArmOperation]:
        with arm_failures():
            try:
                known = self._deployments.deployment_operations
                found = known.list_at_scope(bare(scope_id), name) if scope_id else known.list_at_tenant_scope(name)
                return [documents.operation(item) for item in found]
            except HttpResponseError as error:
                if not says_absent(error):
                    raise
        return []


def _history_path(scope_id: str) -> str:
    return f"{scope_id}/providers/{DEPLOYMENT_TYPE}"


def _path(scope_id: str, name: str) -> str:
    return f"{_history_path(scope_id)}/{name}"


def request_bytes(body: DeploymentBody) -> bytes:
    """The request that a deployment is put, or validated, with. Compact: ARM's limit counts what is sent."""
    return json.dumps(_request(body), ensure_ascii=False, separators=(",", ":")).encode()


def _request(body: DeploymentBody) -> dict[str, Any]:
    properties: dict[str, Any] = {"mode": "Incremental", "parameters": body.parameters}
    if body.template is not None:
        properties["template"] = body.template
    else:
        link = {"uri": body.template_uri, "queryString": body.query_string}
        properties["templateLink"] = {key: value for key, value in link.items() if value}
    request: dict[str, Any] = {"properties": properties, "tags": body.tags}
    if body.location:
        request["location"] = body.location
    return request


def _says(error: HttpResponseError, code: str) -> bool:
    return str(getattr(error.error, "code", None)).lower() == code.lower()
