"""Resource groups, and whether the subscription can be reached at all."""

from collections.abc import Mapping

from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.resources.models import ResourceGroup as SdkResourceGroup

from armature.azure.arm import documents
from armature.azure.arm.access import RESOURCES_API_VERSION, ArmAccess, says_absent
from armature.azure.failures import arm_failures
from armature.azure.models import ResourceGroup


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

    def ensure_resource_group(self, name: str, location: str, tags: Mapping[str, str]) -> ResourceGroup:
        """The resource group, made when it is not there. One that is there is left as it is, wherever it is.

        A second run finds it. Raises FailureError (ResourceGroupBeingDeleted while ARM deletes one of that name).
        """
        found = self.get_resource_group(name)
        if found is not None and found.provisioning_state.lower() != "deleting":
            return found
        with arm_failures():
            made = self._resources.resource_groups.create_or_update(
                name, SdkResourceGroup(location=location, tags=dict(tags))
            )
        return documents.resource_group(made)
