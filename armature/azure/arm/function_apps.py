"""Application settings of sites."""

from collections.abc import Mapping

from armature.azure.arm.resources import Resources

WEB_API_VERSION = "2022-09-01"


class FunctionApps(Resources):
    """The part of the gateway that knows the settings of function apps and other sites."""

    def app_settings(self, site_id: str) -> dict[str, str]:
        """The application settings of a site. Secrets are among them: for use, never to be kept. Changes nothing."""
        answer = self.post_action(f"{site_id}/config/appsettings", "list", WEB_API_VERSION)
        return {str(name): str(value) for name, value in (answer.get("properties") or {}).items()}

    def set_app_settings(self, site_id: str, settings: Mapping[str, str]) -> bool:
        """Set these application settings of a site and leave its others as they are; False when they all were so.

        A second run finds them set and writes nothing, so the site restarts once.
        """
        current = self.app_settings(site_id)
        merged = {**current, **settings}
        if merged == current:
            return False
        self._send("PUT", f"{site_id}/config/appsettings", WEB_API_VERSION, {"properties": merged})
        return True
