"""Management locks."""

from armature.azure.arm.access import ArmAccess
from armature.azure.models import ManagementLock

LOCKS_API_VERSION = "2016-09-01"
_MARK = "/providers/microsoft.authorization/locks/"


class Locks(ArmAccess):
    """The part of the gateway that knows management locks."""

    def list_locks(self) -> tuple[ManagementLock, ...]:
        """The locks of the subscription, of its resource groups and of their resources (Management Locks - List At
        Subscription Level). Changes nothing.

        Raises:
            FailureError: the app may not read them.
        """
        path = f"/subscriptions/{self.subscription}/providers/Microsoft.Authorization/locks"
        found = self._whole_list(path, LOCKS_API_VERSION)
        return tuple(
            ManagementLock(
                id=str(each["id"]),
                scope=str(each["id"])[: str(each["id"]).lower().rfind(_MARK)],
                level=str((each.get("properties") or {}).get("level") or ""),
            )
            for each in found
            if _MARK in str(each.get("id") or "").lower()
        )
