"""What was last deployed to a site that keeps its package itself, as Flex Consumption does."""

from datetime import datetime

from armature.models import Model


class SiteRelease(Model):
    """A package as it was handed to a site.

    `package` is the name of its blob, which is that of its content; `container` where the site keeps packages;
    `asked_by` the run of a deployment, or of its rollback, that handed it over. `link` leads to how it goes, None once
    it has gone well; then `number` is what the platform calls it, None where it does not tell.
    """

    site_id: str
    package: str
    container: str
    asked_by: str
    began_at: datetime
    link: str | None = None
    number: str | None = None

    def is_of(self, package: str, container: str) -> bool:
        """Whether it is that package, in that container."""
        return (self.package, self.container) == (package, container)
