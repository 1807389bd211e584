"""A package that the platform fetches for a site: handed over once, looked at, recognised, handed over again."""

from datetime import timedelta
from typing import Any

import pytest

from activities import releasing
from activities.releasing import released
from armature.azure.models import ArmResource, ReleaseSight
from armature.errors import Failure, FailureClass, FailureError, Recovery, failure
from armature.releases import SiteRelease

SITE_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/func"
CONTAINER = "https://st.blob.example/app"
SECRET = "https://artifacts.example/packages/ab/api.zip?sig=s3cret"


class Releases:
    """A store in memory; `breaks` lets the worker die when it is about to note something."""

    def __init__(self) -> None:
        self.kept: dict[str, SiteRelease] = {}
        self.breaks = False

    def last(self, site_id: str) -> SiteRelease | None:
        return self.kept.get(site_id)

    def keep(self, release: SiteRelease) -> None:
        if self.breaks:
            raise RuntimeError("killed")
        self.kept[release.site_id] = release

    def forget(self, site_id: str) -> None:
        self.kept.pop(site_id, None)


class Platform:
    """Fetches packages in `looks` looks; numbers them, unless it `tells` nothing."""

    def __init__(self, looks: int = 1, *, tells: bool = True, fails: Failure | None = None) -> None:
        self.looks, self.tells, self.fails = looks, tells, fails
        self.begun: list[str] = []
        self.left = 0

    def begin_release(self, _: str, uri: str, location: str | None) -> ReleaseSight:
        assert location == "eastus2"
        self.begun.append(uri)
        self.left = self.looks
        return self.release_at("https://arm.example/operations/1")

    def release_at(self, link: str) -> ReleaseSight:
        if self.left:
            self.left -= 1
            return ReleaseSight(link=link, retry_after_seconds=15)
        return ReleaseSight(failure=self.fails)

    def last_release(self, _: str) -> str | None:
        is_there = self.tells and self.begun and not self.left
        return f"d-{len(self.begun)}" if is_there else None


def site(container: str = CONTAINER) -> ArmResource:
    storage = {"deployment": {"storage": {"type": "blobContainer", "value": container}}}
    properties = {"functionAppConfig": storage}
    return ArmResource(id=SITE_ID, type="t", name="func", location="eastus2", properties=properties)


def handed(store: Any, platform: Any, package: str = "ab/api.zip", run: str = "d-1:1", **given: Any) -> ReleaseSight:
    return released(store, platform, site(**given), package, lambda: SECRET, run)


def deployed(store: Releases, platform: Platform, **given: Any) -> None:
    """Hand a package over and look until the platform has it."""
    while handed(store, platform, **given).link:
        pass


def test_a_package_is_handed_over_once_and_looked_at_until_it_is_there():
    store, platform = Releases(), Platform(looks=2)

    sights = [handed(store, platform) for _ in range(4)]

    assert [sight.link is not None for sight in sights] == [True, True, False, False]
    assert sights[0].retry_after_seconds == 15
    assert platform.begun == [SECRET]
    assert "s3cret" not in store.kept[SITE_ID].model_dump_json()


def test_the_package_of_an_earlier_deployment_is_recognised():
    store, platform = Releases(), Platform()
    deployed(store, platform)

    again = handed(store, platform, run="d-2:1")

    assert again == ReleaseSight()
    assert len(platform.begun) == 1


@pytest.mark.parametrize("change", [{"package": "cd/api.zip"}, {"container": "https://st.blob.example/other"}])
def test_another_package_or_place_for_it_is_not_what_is_there(change):
    store, platform = Releases(), Platform()
    deployed(store, platform)

    deployed(store, platform, **change)

    assert len(platform.begun) == 2


def test_what_somebody_else_has_deployed_is_replaced():
    store, platform = Releases(), Platform()
    deployed(store, platform)
    platform.begun.append("https://elsewhere.example/x.zip")

    deployed(store, platform)

    assert platform.begun[-1] == SECRET
    assert len(platform.begun) == 3


def test_a_platform_that_tells_no_number_is_believed_within_one_run():
    store, platform = Releases(), Platform(tells=False)
    deployed(store, platform)

    deployed(store, platform)
    within = len(platform.begun)
    deployed(store, platform, run="d-1:2")

    assert (within, len(platform.begun)) == (1, 2)


def test_a_worker_that_dies_before_it_notes_what_it_began_begins_once_more():
    store, platform = Releases(), Platform()
    deployed(store, platform)
    store.breaks = True
    with pytest.raises(RuntimeError):
        handed(store, platform, package="cd/api.zip")
    store.breaks = False

    deployed(store, platform)

    assert len(platform.begun) == 3
    assert store.kept[SITE_ID].package == "ab/api.zip"


@pytest.mark.parametrize(
    ("reason", "recovery"),
    [
        ("Package deployment failed: not a zip.", Recovery.BACK_OFF),
        ("Package deployment failed: storage answered 403.", Recovery.OUTWAIT),
        ("BlobUploadFailedException: Azure Storage responded with Forbidden", Recovery.OUTWAIT),
    ],
)
def test_what_the_platform_could_not_deploy_is_tried_again_and_longer_while_a_role_may_not_be_seen(reason, recovery):
    store, platform = Releases(), Platform(fails=failure(FailureClass.UNKNOWN, "Failed", reason))
    handed(store, platform)

    with pytest.raises(FailureError) as caught:
        handed(store, platform)

    why = caught.value.failure
    assert (why.code, why.recovery) == ("PackageNotDeployed", recovery)
    assert "func" in why.message
    assert reason in why.message
    assert "deployment container" in why.suggestion
    assert store.kept == {}


def test_a_refusal_that_says_what_is_wrong_stays_what_it_is(monkeypatch):
    store, platform = Releases(), Platform()
    forbidden = failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "No.")

    def refuse(*_: Any) -> None:
        raise FailureError(forbidden)

    monkeypatch.setattr(platform, "begin_release", refuse)

    with pytest.raises(FailureError) as caught:
        handed(store, platform)

    assert caught.value.failure == forbidden


def test_what_never_ends_is_given_up(monkeypatch):
    store, platform = Releases(), Platform(looks=9)
    handed(store, platform)
    monkeypatch.setattr(releasing, "RELEASED_WITHIN", timedelta())

    with pytest.raises(FailureError) as caught:
        handed(store, platform)

    assert caught.value.failure.code == "PackageNotDeployed"
    assert not caught.value.failure.is_retried
    assert store.kept == {}
