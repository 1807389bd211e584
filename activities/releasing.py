"""A package for a site on Flex Consumption: handed to the platform, which fetches it once and keeps it for the site."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from armature.azure.arm import ArmGateway
from armature.azure.models import ArmResource, ReleaseSight
from armature.azure.releases import ReleaseStore
from armature.errors import Failure, FailureClass, FailureError, Recovery, failure
from armature.releases import SiteRelease

RELEASED_WITHIN = timedelta(minutes=30)
"""The platform fetches and unpacks a package within a minute or two; what takes so much longer never ends."""

_NEXT_STEP = (
    "See that the site's identity may write to the deployment container that functionAppConfig names (a new role takes "
    "up to ten minutes to be seen), and that the package is a zip."
)

_REFUSED = re.compile(r"\b403\b|forbidden|not authorized", re.IGNORECASE)


def container_of(site: ArmResource) -> str | None:
    """Where a site on Flex Consumption keeps its package; None of a site on another plan."""
    app = site.properties.get("functionAppConfig")
    if not app:
        return None
    storage = (app.get("deployment") or {}).get("storage") or {}
    return str(storage.get("value") or "")


def released(
    store: ReleaseStore, arm: ArmGateway, site: ArmResource, package: str, address: Callable[[], str], asked_by: str
) -> ReleaseSight:
    """Have a site run from a package; while the platform works on that, the answer has a link: call again.

    `package` is the name of its blob, `address` makes its URI with a SAS, `asked_by` is the run that it is for. Twice:
    what is under way is looked at, and a package that Azure tells is still the last one is left there. When it died
    before it had noted what it began, the platform refuses a second one meanwhile, or gets the same once more.

    Raises:
        FailureError: the platform could not deploy it, or not in time; ARM refuses, or can't be asked.
    """
    fresh = SiteRelease(
        site_id=site.id,
        package=package,
        container=container_of(site) or "",
        asked_by=asked_by,
        began_at=datetime.now(UTC),
    )
    known = store.last(site.id)
    if known is not None and not known.is_of(fresh.package, fresh.container):
        known = None
    if known is not None and known.link is None and _stands(arm, known, asked_by):
        return ReleaseSight()
    release = known if known is not None and known.link is not None else fresh
    if release is fresh:  # what was there before is not, once this has begun
        store.forget(site.id)
    try:
        sight = arm.release_at(release.link) if release.link else arm.begin_release(site.id, address(), site.location)
    except FailureError as error:
        raise FailureError(_not_deployed(site, error.failure)) from error
    why = _not_deployed(site, sight.failure) if sight.failure else _lateness(site, release) if sight.link else None
    if why is not None:
        store.forget(site.id)
        raise FailureError(why)
    number = None if sight.link else arm.last_release(site.id)
    store.keep(release.model_copy(update={"link": sight.link, "number": number}))
    return sight


def _stands(arm: ArmGateway, release: SiteRelease, asked_by: str) -> bool:
    """Whether nobody has deployed anything to the site since. Where the platform does not tell, that is believed in the
    run that it was deployed for, and in no other."""
    last = arm.last_release(release.site_id)
    return last == release.number and (last is not None or release.asked_by == asked_by)


def _not_deployed(site: ArmResource, why: Failure) -> Failure:
    """Why the platform did not deploy a package. What says no more than that it failed is tried again; where storage
    refused, for as long as a role takes to be seen, which the same template may have given."""
    if why.failure_class is not FailureClass.UNKNOWN:
        return why
    message = f"Azure could not deploy the package to {site.name}: {why.message}"
    recovery = Recovery.OUTWAIT if _REFUSED.search(why.message) else Recovery.BACK_OFF
    return failure(FailureClass.STORAGE_ACCESS, "PackageNotDeployed", message, _NEXT_STEP, recovery=recovery)


def _lateness(site: ArmResource, release: SiteRelease) -> Failure | None:
    if datetime.now(UTC) - release.began_at < RELEASED_WITHIN:
        return None
    message = f"Azure had not deployed the package to {site.name} after {RELEASED_WITHIN.seconds // 60} minutes."
    step = "Look at the deployment center of the function app in the portal, then resume the deployment."
    return failure(FailureClass.UNKNOWN, "PackageNotDeployed", message, step)
