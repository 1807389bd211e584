"""Resource groups, and whether the subscription can be reached at all."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineResponse
from azure.core.rest import HttpResponse
from azure.mgmt.resource.resources.models import ResourceGroup as SdkResourceGroup
from azure.mgmt.resource.resources.models import ResourceGroupPatchable

from armature.azure.arm import documents
from armature.azure.arm.access import RESOURCES_API_VERSION, ArmAccess, says_absent
from armature.azure.failures import arm_failures
from armature.azure.models import ResourceGroup
from armature.errors import FailureError, Recovery

_IS_ELSEWHERE = "invalidresourcegrouplocation"
"""ARM's answer, in lower case, to a group that is there in another location (Resource Groups - Create Or Update)."""


class ResourceGroups(ArmAccess):
    """The part of the gateway that knows subscriptions and resource groups."""

    def check_access(self) -> None:
        """Make sure that ARM can be reached, knows the subscription and lets the app's identity see it.

        Changes nothing. Raises FailureError (SubscriptionNotFound, AuthorizationFailed, CredentialUnavailable…).
        """
        self._send("GET", f"/subscriptions/{self.subscription}", RESOURCES_API_VERSION)

    def get_resource_group(self, name: str) -> ResourceGroup | None:
        """The resource group, or None. Changes nothing."""
        with arm_failures():
            try:
                return documents.resource_group(self._resources.resource_groups.get(name))
            except HttpResponseError as error:
                if not says_absent(error):
                    raise
        return None

    def ensure_resource_group(
        self, name: str, location: str, tags: Mapping[str, str], *, mark: Mapping[str, str] | None = None
    ) -> ResourceGroup:
        """The resource group, made when it is not there. One that is there is left as it is, wherever it is.

        `mark` are tags for what this very call makes: a group that ARM's reads missed, for they lag behind writes by
        seconds, turns out to be there when it is written (200, not 201), and does not keep them.

        A second run finds it. Raises FailureError (ResourceGroupBeingDeleted while ARM deletes one of that name).
        """
        found = self.get_resource_group(name)
        if found is not None and found.provisioning_state.lower() != "deleting":
            return found
        wanted = SdkResourceGroup(location=location, tags={**tags, **(mark or {})})
        try:
            made, status = self._written(name, wanted)
        except FailureError as refused:
            if refused.failure.code.lower() != _IS_ELSEWHERE:
                raise
            return self._made_meanwhile(name, refused)
        with arm_failures():
            if mark and status == HTTPStatus.OK:
                made = self._resources.resource_groups.update(name, ResourceGroupPatchable(tags=dict(tags)))
        return documents.resource_group(made)

    def _written(self, name: str, wanted: SdkResourceGroup) -> tuple[Any, int]:
        with arm_failures():
            answer: Any = self._resources.resource_groups.create_or_update(name, wanted, cls=_with_status)
        return answer[0], answer[1]

    def _made_meanwhile(self, name: str, refused: FailureError) -> ResourceGroup:
        """The group that somebody else has made in another location since it was looked for."""
        found = self.get_resource_group(name)
        if found is None:  # the read lags behind: it is seen soon
            raise FailureError(refused.failure.model_copy(update={"recovery": Recovery.WAIT})) from refused
        return found


def _with_status(response: PipelineResponse[Any, HttpResponse], group: Any, _: Any) -> Any:
    return group, response.http_response.status_code
