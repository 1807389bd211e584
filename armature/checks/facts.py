"""What the gateways see, and the verdicts judge. Nothing of it is kept."""

from armature.models import Model


class SiteFacts(Model):
    """An app of App Service. `package` is the address that it runs from, without its query; None when that is no
    address. `deployment_container` is where an app on Flex Consumption keeps its package, None on any other plan.
    `host_state` and `host_errors` are what its functions host tells, None when that does not answer, for the
    reason `host_silence`. `is_content_writable` when the host says that no package is mounted."""

    kind: str = ""
    state: str = ""
    is_enabled: bool = True
    package: str | None = None
    deployment_container: str | None = None
    functions: tuple[str, ...] = ()
    host_state: str | None = None
    host_version: str = ""
    host_errors: tuple[str, ...] = ()
    host_silence: str = ""
    is_content_writable: bool = False

    @property
    def is_function_app(self) -> bool:
        """True when it has a functions host."""
        return "functionapp" in self.kind.lower()


class HealthFacts(Model):
    """What Azure reports of the availability of one resource."""

    resource_id: str
    state: str
    reason: str = ""
    summary: str = ""
