"""Resources by id: found, read, listed, acted on, deleted."""

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import HttpResponseError

from armature.azure.arm import documents
from armature.azure.arm.access import says_absent
from armature.azure.arm.ids import SUBSCRIPTION_TYPE, bare, resource_type_of
from armature.azure.arm.providers import Providers
from armature.azure.failures import arm_failures
from armature.azure.models import ArmResource
from armature.errors import FailureClass, FailureError

_MOMENTS = "createdTime,changedTime"
"""Told only to who asks (Resources - List By Resource Group, 2022-09-01)."""


class Resources(Providers):
    """The part of the gateway that knows resources of any type."""

    def find_resources(self, tag_name: str, tag_value: str, resource_type: str) -> tuple[ArmResource, ...]:
        """The resources of a type that carry a tag, in the whole subscription. Changes nothing.

        ARM's list lags behind writes by seconds and takes no second filter beside a tag: the type is compared here.
        """
        with arm_failures():
            found = self._resources.resources.list(filter=f"tagName eq '{tag_name}' and tagValue eq '{tag_value}'")
            resources = [documents.resource(item) for item in found]
        return tuple(item for item in resources if item.type.lower() == resource_type.lower())

    def list_resources(self, resource_group: str) -> tuple[ArmResource, ...]:
        """The resources of a resource group with the moments of their creation and last change; none when it is not
        there.

        Changes nothing. ARM's list lags behind writes by seconds. It shows no deployments, and of children only those
        that have a location of their own (databases, slots).
        """
        with arm_failures():
            try:
                found = self._resources.resources.list_by_resource_group(resource_group, expand=_MOMENTS)
                return tuple(documents.resource(item) for item in found)
            except HttpResponseError as error:
                if not says_absent(error):
                    raise
        return ()

    def provisioning_states(self, resource_group: str) -> dict[str, str]:
        """The provisioning state of each top-level resource of a group, by its id in lower case; none when the group is
        not there. Changes nothing. As all of ARM's lists it lags behind writes: what it lacks may be there."""
        with arm_failures():
            try:
                found = self._resources.resources.list_by_resource_group(resource_group, expand="provisioningState")
                return {str(item.id).lower(): str(item.as_dict().get("provisioningState") or "") for item in found}
            except HttpResponseError as error:
                if not says_absent(error):
                    raise
        return {}

    def get_resource(self, resource_id: str, api_version: str) -> ArmResource | None:
        """The resource with its properties, or None. Changes nothing."""
        with arm_failures():
            try:
                found = self._resources.resources.get_by_id(bare(resource_id), api_version=api_version)
                return documents.resource(found)
            except HttpResponseError as error:
                if not says_absent(error):
                    raise
        return None

    def read_resource(self, resource_id: str) -> dict[str, Any] | None:
        """The whole document as ARM answers it, in the newest version of its provider, or None. Changes nothing.

        Takes the id of a resource group or an extension resource as well.

        Raises:
            ValueError: it is not a resource id.
            FailureError: nobody serves its type; ARM refuses.
        """
        return self._read(resource_id, self.api_version(resource_type_of(resource_id)))

    def delete_resource(self, resource_id: str) -> bool:
        """Delete what the id names: True when it is gone, False while ARM deletes it: call again to see.

        A second run finds it gone or being deleted. Of a deployment only the history entry goes.

        Raises:
            ValueError: it is not the id of a resource or a resource group.
            FailureError: a conflict that may pass (something needs it yet), a lock (ScopeLocked), AuthorizationFailed…
        """
        resource_type = resource_type_of(resource_id)
        if resource_type == SUBSCRIPTION_TYPE:
            raise ValueError(f"a subscription is not deleted: {resource_id}")
        try:
            return self._delete(resource_id, self.api_version(resource_type))
        except FailureError as error:
            if error.failure.failure_class is not FailureClass.RESOURCE_CONFLICT:
                raise
            document = self.read_resource(resource_id)
            if document is not None and not _is_being_deleted(document):
                raise
        return False  # also where it was not found: a read may lag behind the write that made it

    def post_action(self, resource_id: str, action: str, api_version: str) -> dict[str, Any]:
        """Do an action of a resource (`listKeys`, `restart`…) and give its answer. What a second run does, the action
        says."""
        return self._send("POST", f"{resource_id}/{action}", api_version)


def _is_being_deleted(document: Mapping[str, Any]) -> bool:
    return str((document.get("properties") or {}).get("provisioningState")).lower() == "deleting"
