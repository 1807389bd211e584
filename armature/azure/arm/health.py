"""What Azure itself reports of the availability of resources."""

from armature.azure.arm.resources import Resources
from armature.checks.facts import HealthFacts
from armature.errors import FailureClass, FailureError

HEALTH_API_VERSION = "2022-10-01"
"""Resource Health REST reference, Availability Statuses - List By Resource Group, 2025."""

_STATUS = "/providers/microsoft.resourcehealth/"


class Health(Resources):
    """The part of the gateway that knows Resource Health."""

    def health_of_group(self, group_id: str) -> tuple[HealthFacts, ...]:
        """What is reported of the resources of a group, of which it is only some types; nothing when the group is gone
        or the subscription does not use Resource Health. Changes nothing: it registers no provider."""
        path = f"{group_id}/providers/Microsoft.ResourceHealth/availabilityStatuses"
        try:
            found = self._whole_list(path, HEALTH_API_VERSION)
        except FailureError as error:
            if error.failure.failure_class in (FailureClass.NOT_REGISTERED, FailureClass.MISSING_DEPENDENCY):
                return ()
            raise
        return tuple(_facts(str(status.get("id") or ""), status.get("properties") or {}) for status in found)


def _facts(status_id: str, properties: dict[str, object]) -> HealthFacts:
    return HealthFacts(
        resource_id=status_id[: status_id.lower().rfind(_STATUS)] if _STATUS in status_id.lower() else status_id,
        state=str(properties.get("availabilityState") or "Unknown"),
        reason=str(properties.get("reasonType") or ""),
        summary=str(properties.get("summary") or "")[:200],
    )
