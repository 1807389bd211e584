"""Tags of anything that has an id, by the Tags API: without a write of the resource itself."""

from collections.abc import Mapping

from armature.azure.arm.providers import Providers

TAGS_API_VERSION = "2021-04-01"


class Tags(Providers):
    """The part of the gateway that knows tags."""

    def merge_tags(self, resource_id: str, tags: Mapping[str, str]) -> None:
        """Put these tags beside those that a resource, a resource group or a subscription has (Tags - Update At Scope,
        2021-04-01). The same again changes nothing: a second run is harmless.

        Raises FailureError: TooManyTags, ScopeLocked, RequestDisallowedByPolicy, what a provider says whose type takes
        no tags…
        """
        path = f"{resource_id}/providers/Microsoft.Resources/tags/default"
        self._send("PATCH", path, TAGS_API_VERSION, {"operation": "Merge", "properties": {"tags": dict(tags)}})
