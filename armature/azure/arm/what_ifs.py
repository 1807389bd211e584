"""What a deployment would change, asked of Resource Manager: begun, and looked at until it is told.

Deployments - What If At Scope (REST reference, 2022-09-01): 202 with a `Location`, which answers 202 until the result
is there. Nothing is changed by asking, but that a provider may be registered.
"""

import json
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest, HttpResponse

from armature.azure.arm.access import DEPLOYMENTS_API_VERSION, document_of
from armature.azure.arm.deployments import Deployments, request_bytes
from armature.azure.arm.ids import path_of
from armature.azure.failures import arm_failures, retry_after_seconds, without_queries_within
from armature.azure.models import DEPLOYMENT_TYPE, DeploymentBody, WhatIfAnswer
from armature.errors import FailureClass, FailureError, failure, failure_from_error
from armature.plan import DeploymentScopeTarget


class WhatIfs(Deployments):
    """The part of the gateway that asks what would be."""

    def begin_what_if(self, scope: DeploymentScopeTarget, name: str, body: DeploymentBody) -> WhatIfAnswer:
        """Ask what a deployment would change. A second run asks once more, which changes nothing.

        Raises:
            FailureError: ARM refuses the deployment, or can't be asked.
        """
        path = f"{scope.resource_id}/providers/{DEPLOYMENT_TYPE}/{name}/whatIf"
        request = HttpRequest(
            "POST",
            path_of(path),
            params={"api-version": DEPLOYMENTS_API_VERSION},
            content=_with_full_payloads(body),
            headers={"Content-Type": "application/json"},
        )
        with arm_failures():
            return _answer(self._exchanged(request))

    def what_if_at(self, location: str) -> WhatIfAnswer:
        """Look at a what-if where ARM said that its result will be. Changes nothing.

        Raises:
            FailureError: ARM refuses the deployment, or can't be asked; WhatIfForgotten: ask from the beginning.
        """
        with arm_failures():
            try:
                return _answer(self._exchanged(HttpRequest("GET", location)))
            except HttpResponseError as error:
                if error.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                    raise
        message = "Azure Resource Manager has forgotten the what-if that it worked on."
        raise FailureError(failure(FailureClass.TRANSIENT, "WhatIfForgotten", message))


def _answer(response: HttpResponse) -> WhatIfAnswer:
    if response.status_code == HTTPStatus.ACCEPTED:
        return WhatIfAnswer(
            location=response.headers["Location"],
            retry_after_seconds=retry_after_seconds(response.headers.get("Retry-After")),
        )
    document = document_of(response)
    if document.get("error"):
        raise FailureError(failure_from_error(without_queries_within(document)))
    properties: dict[str, Any] = document.get("properties") or {}
    return WhatIfAnswer(properties=properties)


def _with_full_payloads(body: DeploymentBody) -> bytes:
    """The request that the deployment is put with, asking for the properties that would change."""
    request = json.loads(request_bytes(body))
    request["properties"]["whatIfSettings"] = {"resultFormat": "FullResourcePayloads"}
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
