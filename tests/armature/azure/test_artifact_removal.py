"""What retention lists and deletes, and that nothing goes which a running deployment counts on."""

import hashlib
import io
import uuid
from collections.abc import Callable

import pytest
from azure.core.credentials import TokenCredential

from armature.azure import blobs, uploads
from armature.azure.artifacts import PACKAGES_CONTAINER, ArtifactAccount, ArtifactStorage, templates_container
from armature.azure.blobs import BLOCK_BYTES, BlobEndpoint, blob_service
from armature.clouds import CLOUDS, Cloud
from armature.errors import FailureClass, FailureError
from armature.retention import Stored
from tests.armature.azure.canned import Answer, AnyToken, CannedAdapter
from tests.armature.azure.conftest import Faults

SIZES = pytest.mark.parametrize("size", [100, 2 * BLOCK_BYTES], ids=["small", "large"])


class Packages:
    """One package of the test's own among those of the account."""

    def __init__(self, storage: ArtifactStorage, account: ArtifactAccount, size: int) -> None:
        self.storage = storage
        self.account = account
        self.content = uuid.uuid4().bytes * (size // 16 + 1)
        self.name = f"{hashlib.sha256(self.content).hexdigest()}/site.zip"

    def upload(self) -> bool:
        """Whether it was written, not found there."""
        stream, size = io.BytesIO(self.content), len(self.content)
        return not self.storage.upload(self.account, PACKAGES_CONTAINER, self.name, stream, size).is_skipped

    def listed(self) -> Stored | None:
        return next((one for one in self.storage.list_packages(self.account) if one.name == self.name), None)

    def stored(self) -> bytes | None:
        return self.storage.read(self.account, PACKAGES_CONTAINER, self.name, len(self.content))

    def delete(self, etag: str) -> bool:
        return self.storage.delete_package(self.account, self.name, etag)


@pytest.fixture
def storage(cloud: Cloud, credential: TokenCredential) -> ArtifactStorage:
    return ArtifactStorage(cloud, credential)


@pytest.fixture
def package(storage: ArtifactStorage, account: ArtifactAccount) -> Callable[[int], Packages]:
    return lambda size: Packages(storage, account, size)


@SIZES
def test_a_package_is_listed_and_deleted_once(package: Callable[[int], Packages], size: int) -> None:
    mine = package(size)
    mine.upload()

    listed = mine.listed()
    assert listed is not None
    first, second = mine.delete(listed.etag), mine.delete(listed.etag)

    assert listed.size == len(mine.content)
    assert (first, second) == (True, True)
    assert mine.listed() is None


@SIZES
def test_a_package_that_a_deployment_found_since_is_not_deleted(package: Callable[[int], Packages], size: int) -> None:
    mine = package(size)
    mine.upload()
    before = mine.listed()
    assert before is not None

    is_written = mine.upload()

    assert not is_written
    assert not mine.delete(before.etag)
    after = mine.listed()
    assert after is not None
    assert after.changed_at >= before.changed_at
    assert after.etag != before.etag
    assert mine.stored() == mine.content


@SIZES
def test_a_package_that_was_deleted_before_a_deployment_looked_is_written_again(
    package: Callable[[int], Packages], size: int
) -> None:
    mine = package(size)
    mine.upload()
    before = mine.listed()
    assert before is not None

    mine.delete(before.etag)
    is_written = mine.upload()

    assert is_written
    assert mine.stored() == mine.content


def test_a_package_that_vanishes_while_it_is_marked_is_written_again(
    package: Callable[[int], Packages], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = package(100)
    mine.upload()
    found = mine.listed()
    assert found is not None
    look = uploads._is_there

    def after_retention(*arguments: object, **options: object) -> bool:
        monkeypatch.setattr(uploads, "_is_there", look)
        mine.delete(found.etag)
        return look(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(uploads, "_is_there", after_retention)

    assert mine.upload()

    assert mine.stored() == mine.content


def test_a_large_package_that_vanishes_after_another_wrote_it_is_uploaded_another_time(
    package: Callable[[int], Packages], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, looks = package(2 * BLOCK_BYTES), iter([False, False])
    mine.upload()
    monkeypatch.setattr(uploads, "_is_there", lambda *_, **__: next(looks))

    with pytest.raises(FailureError) as caught:
        mine.upload()

    assert caught.value.failure.failure_class is FailureClass.RESOURCE_CONFLICT
    assert caught.value.failure.is_retried


def test_templates_are_listed_by_deployment_and_deleted_once(
    storage: ArtifactStorage, account: ArtifactAccount, fresh_name: Callable[[], str]
) -> None:
    deployment_id = fresh_name()
    storage.upload(account, templates_container(deployment_id), "main.json", io.BytesIO(b"{}"), 2)
    assert deployment_id in [one.name for one in storage.list_template_containers(account)]

    first, second = storage.delete_templates(account, deployment_id), storage.delete_templates(account, deployment_id)

    assert (first, second) == (True, False)
    assert deployment_id not in [one.name for one in storage.list_template_containers(account)]


def test_a_templates_container_is_no_package_and_a_template_is_not_marked(
    storage: ArtifactStorage, account: ArtifactAccount, credential: TokenCredential, fresh_name: Callable[[], str]
) -> None:
    container = templates_container(fresh_name())
    blob = blob_service(BlobEndpoint.of(account.blob_endpoint), credential).get_blob_client(container, "main.json")
    storage.upload(account, container, "main.json", io.BytesIO(b"{}"), 2)
    before = blob.get_blob_properties().etag

    storage.upload(account, container, "main.json", io.BytesIO(b"{}"), 2)

    assert blob.get_blob_properties().etag == before


@pytest.mark.parametrize("fault", ["serverBusy", "connectionReset", "answerLost"])
def test_a_package_is_deleted_though_storage_fails_for_a_moment(
    package: Callable[[int], Packages], faults: Faults, fault: str
) -> None:
    mine = package(100)
    mine.upload()
    listed = mine.listed()
    assert listed is not None
    match = {"operation": "DeleteBlob", "container": PACKAGES_CONTAINER}
    faults.given({"service": "storage", "fault": fault, "match": match, "attempts": [1, 2]})

    assert mine.delete(listed.etag)

    assert mine.listed() is None


def test_a_new_account_has_no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Answer(404, None, {"x-ms-error-code": "ContainerNotFound"})
    adapter = CannedAdapter({("GET", "/packages"): absent})
    monkeypatch.setattr(blobs, "shared_transport", adapter.transport)
    account = ArtifactAccount(name="a", resource_id="/x", blob_endpoint="https://a.blob.example", is_ready=True)

    packages = list(ArtifactStorage(CLOUDS["AzureCloud"], AnyToken()).list_packages(account))

    assert packages == []
    assert len(adapter.requests) == 1


def test_an_account_knows_which_apps_keep_artifacts_there(storage: ArtifactStorage, account: ArtifactAccount) -> None:
    name = f"app{uuid.uuid4().hex[:12]}"

    storage.add_app(account, name)
    storage.add_app(account, name)

    assert name in storage.apps(account)
