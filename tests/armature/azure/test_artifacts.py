import hashlib
import io
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from urllib.parse import parse_qs

import pytest
import requests
from azure.core.credentials import TokenCredential

from armature.azure import artifacts
from armature.azure.artifacts import ArtifactAccount, ArtifactStorage, templates_container
from armature.azure.blobs import BLOCK_BYTES, BlobEndpoint, blob_service
from armature.azure.models import ArmDeployment, ArmResource
from armature.clouds import Cloud
from armature.errors import FailureClass, FailureError

LARGE = random.Random(7).randbytes(3 * BLOCK_BYTES + 17)


@pytest.fixture
def storage(cloud: Cloud, credential: TokenCredential) -> ArtifactStorage:
    return ArtifactStorage(cloud, credential)


@pytest.fixture
def container(fresh_name: Callable[[], str]) -> str:
    return fresh_name()


@pytest.fixture
def stored(account: ArtifactAccount, container: str, credential: TokenCredential) -> Callable[[str], bytes | None]:
    """What anybody sees under a name of the test's container: the bytes, or None."""

    def read(name: str) -> bytes | None:
        blob = blob_service(BlobEndpoint.of(account.blob_endpoint), credential).get_blob_client(container, name)
        return blob.download_blob().readall() if blob.exists() else None

    return read


class Interrupted(BaseException):
    """The process dies: nothing after this runs but what the interpreter itself unwinds."""


class DyingStream(io.RawIOBase):
    """Gives its bytes up to a point, then the process dies."""

    def __init__(self, content: bytes, dies_after: int) -> None:
        self._content = io.BytesIO(content)
        self._dies_after = dies_after

    def read(self, size: int = -1, /) -> bytes:
        if self._content.tell() >= self._dies_after:
            raise Interrupted
        return self._content.read(size)


class DribblingStream(io.RawIOBase):
    """Gives fewer bytes than are asked for, as an inflating stream does."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int = -1, /) -> bytes:
        return self._content.read(min(size, 1_000_003))


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", LARGE[:BLOCK_BYTES], LARGE[: BLOCK_BYTES + 1], LARGE],
    ids=["empty", "small", "one block", "a block and a byte", "several blocks"],
)
@pytest.mark.parametrize("stream_type", [io.BytesIO, DribblingStream])
def test_a_file_arrives_as_it_was_and_is_not_written_twice(
    storage: ArtifactStorage,
    account: ArtifactAccount,
    container: str,
    stored: Callable[[str], bytes | None],
    content: bytes,
    stream_type: Callable[[bytes], BinaryIO],
) -> None:
    checksum = hashlib.sha256(content).hexdigest()

    first = storage.upload(account, container, "a/b.zip", stream_type(content), len(content), checksum)
    second = storage.upload(account, container, "a/b.zip", stream_type(content), len(content), checksum)

    assert (first.bytes_written, first.is_skipped, first.sha256) == (len(content), False, checksum)
    assert (second.bytes_written, second.is_skipped, second.sha256) == (0, True, checksum)
    assert stored("a/b.zip") == content


def test_a_large_file_that_is_there_is_not_even_read(
    storage: ArtifactStorage, account: ArtifactAccount, container: str
) -> None:
    storage.upload(account, container, "x", io.BytesIO(LARGE), len(LARGE))

    again = storage.upload(account, container, "x", DyingStream(LARGE, dies_after=0), len(LARGE))  # type: ignore[arg-type]

    assert again.is_skipped


def test_with_overwrite_the_newer_content_stands(
    storage: ArtifactStorage, account: ArtifactAccount, container: str, stored: Callable[[str], bytes | None]
) -> None:
    storage.upload(account, container, "x", io.BytesIO(LARGE), len(LARGE))

    changed = bytes(reversed(LARGE))
    storage.upload(account, container, "x", io.BytesIO(changed), len(changed), overwrite=True)
    assert stored("x") == changed

    storage.upload(account, container, "x", io.BytesIO(b"new"), 3, overwrite=True)
    assert stored("x") == b"new"


@pytest.mark.parametrize("content", [b"", b"{}", LARGE], ids=["empty", "small", "large"])
def test_a_file_is_read_back_unless_it_is_too_large(
    storage: ArtifactStorage, account: ArtifactAccount, container: str, content: bytes
) -> None:
    assert storage.read(account, container, "x", 100) is None
    assert not storage.has_container(account, container)

    storage.upload(account, container, "x", io.BytesIO(content), len(content))

    assert storage.read(account, container, "x", len(content)) == content
    assert storage.read(account, container, "y", 100) is None
    assert not content or storage.read(account, container, "x", len(content) - 1) is None
    assert storage.has_container(account, container)


@pytest.mark.parametrize("content", [b"{}", LARGE], ids=["small", "large"])
def test_bytes_that_do_not_match_their_checksum_are_never_visible(
    storage: ArtifactStorage,
    account: ArtifactAccount,
    container: str,
    stored: Callable[[str], bytes | None],
    content: bytes,
) -> None:
    with pytest.raises(FailureError) as caught:
        storage.upload(account, container, "x", io.BytesIO(content), len(content), "0" * 64)

    assert caught.value.failure.code == "ChecksumMismatch"
    assert not caught.value.failure.is_retried
    assert stored("x") is None


@pytest.mark.parametrize(("size", "code"), [(len(LARGE) + 1, "SizeMismatch"), (len(LARGE) - 1, "TooLarge")])
def test_more_or_fewer_bytes_than_announced_are_never_visible(
    storage: ArtifactStorage,
    account: ArtifactAccount,
    container: str,
    stored: Callable[[str], bytes | None],
    size: int,
    code: str,
) -> None:
    with pytest.raises(FailureError) as caught:
        storage.upload(account, container, "x", io.BytesIO(LARGE), size)

    assert caught.value.failure.code == code
    assert stored("x") is None


def test_a_killed_upload_leaves_nothing_visible_and_the_next_succeeds(
    storage: ArtifactStorage, account: ArtifactAccount, container: str, stored: Callable[[str], bytes | None]
) -> None:
    dying = DyingStream(LARGE, dies_after=2 * BLOCK_BYTES)
    with pytest.raises(Interrupted):
        storage.upload(account, container, "x", dying, len(LARGE))  # type: ignore[arg-type]
    assert stored("x") is None

    again = storage.upload(account, container, "x", io.BytesIO(LARGE), len(LARGE))

    assert not again.is_skipped
    assert stored("x") == LARGE


def test_two_uploads_at_once_do_not_take_each_others_blocks(
    storage: ArtifactStorage, account: ArtifactAccount, container: str, stored: Callable[[str], bytes | None]
) -> None:
    other = bytes(reversed(LARGE))

    class WithAnotherInTheMiddle(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == 2 * BLOCK_BYTES:
                dying = DyingStream(other, dies_after=2 * BLOCK_BYTES)
                with pytest.raises(Interrupted):
                    storage.upload(account, container, "x", dying, len(other))  # type: ignore[arg-type]
            return super().read(size)

    storage.upload(account, container, "x", WithAnotherInTheMiddle(LARGE), len(LARGE))

    assert stored("x") == LARGE


def test_of_two_uploads_at_once_the_first_to_end_stands_and_the_other_is_skipped(
    storage: ArtifactStorage, account: ArtifactAccount, container: str, stored: Callable[[str], bytes | None]
) -> None:
    other = bytes(reversed(LARGE))

    class Overtaken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == 2 * BLOCK_BYTES:
                storage.upload(account, container, "x", io.BytesIO(other), len(other))
            return super().read(size)

    late = storage.upload(account, container, "x", Overtaken(LARGE), len(LARGE))

    assert late.is_skipped
    assert stored("x") == other


class TestSas:
    """What a read SAS opens, and what it does not."""

    @pytest.fixture
    def address(self, storage: ArtifactStorage, account: ArtifactAccount, container: str) -> str:
        storage.upload(account, container, "linked/a b.json", io.BytesIO(b'{"a": 1}'), 8)
        return storage.blob_uri(account, container, "linked/a b.json")

    def test_it_reads(self, storage: ArtifactStorage, account: ArtifactAccount, container: str, address: str) -> None:
        answer = requests.get(f"{address}?{storage.read_sas(account, container)}", timeout=10)

        assert (answer.status_code, answer.json()) == (200, {"a": 1})

    def test_without_it_nobody_reads(self, address: str) -> None:
        assert requests.get(address, timeout=10).status_code in (401, 403, 404)

    def test_it_neither_writes_nor_deletes_nor_lists(
        self, storage: ArtifactStorage, account: ArtifactAccount, container: str, address: str
    ) -> None:
        sas = storage.read_sas(account, container)
        headers = {"x-ms-blob-type": "BlockBlob"}

        written = requests.put(f"{address}?{sas}", data=b"{}", headers=headers, timeout=10)
        deleted = requests.delete(f"{address}?{sas}", timeout=10)
        folder = address.rpartition("/linked/")[0]
        listed = requests.get(f"{folder}?restype=container&comp=list&{sas}", timeout=10)

        assert {written.status_code, deleted.status_code, listed.status_code} == {403}

    def test_it_opens_no_other_container(
        self, storage: ArtifactStorage, account: ArtifactAccount, fresh_name: Callable[[], str], address: str
    ) -> None:
        other = fresh_name()
        storage.upload(account, other, "x", io.BytesIO(b"x"), 1)

        answer = requests.get(f"{address}?{storage.read_sas(account, other)}", timeout=10)

        assert answer.status_code == 403

    def test_one_for_a_blob_opens_no_other_blob(
        self, storage: ArtifactStorage, account: ArtifactAccount, container: str, address: str
    ) -> None:
        storage.upload(account, container, "other", io.BytesIO(b"x"), 1)
        sas = storage.read_sas(account, container, "other")

        right = requests.get(f"{storage.blob_uri(account, container, 'other')}?{sas}", timeout=10)
        wrong = requests.get(f"{address}?{sas}", timeout=10)

        assert (right.status_code, wrong.status_code) == (200, 403)

    def test_its_terms_are_read_only_https_only_one_hour_and_a_users_key(
        self, storage: ArtifactStorage, account: ArtifactAccount, container: str
    ) -> None:
        sas = storage.read_sas(account, container)

        terms = {name: values[0] for name, values in parse_qs(sas).items()}
        now = datetime.now(UTC)
        expiry = datetime.fromisoformat(terms["se"])
        assert not sas.startswith("?")
        assert (terms["sp"], terms["spr"], terms["sr"]) == ("r", "https", "c")
        assert timedelta(minutes=59) < expiry - now <= timedelta(hours=1)
        assert datetime.fromisoformat(terms["st"]) < now
        assert datetime.fromisoformat(terms["ske"]) >= expiry
        assert "skoid" in terms


class PlacesAsked:
    """Stands in for ARM: an account is there, and how often that was asked is counted."""

    subscription = "s"

    def __init__(self, state: str) -> None:
        self.state = state
        self.asked = 0

    def find_resources(self, *_: str) -> tuple[ArmResource, ...]:
        self.asked += 1
        return (ArmResource(id="/x", type="t", name="n", location="East US 2", tags={}),)

    def get_resource(self, *_: str) -> ArmResource:
        properties = {"provisioningState": self.state, "primaryEndpoints": {"blob": "https://n.example/"}}
        return ArmResource(id="/x", type="t", name="n", location="eastus2", properties=properties)

    def get_deployment(self, *_: object) -> ArmDeployment | None:
        return None


def test_a_ready_account_is_remembered_for_a_while(storage: ArtifactStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = PlacesAsked("Succeeded")
    first = storage.find(arm, "eastus2")  # type: ignore[arg-type]
    assert storage.find(arm, "eastus2") == first  # type: ignore[arg-type]
    assert arm.asked == 1

    monkeypatch.setattr(artifacts, "FOUND_FOR_SECONDS", 0)
    storage.find(arm, "eastus2")  # type: ignore[arg-type]

    assert arm.asked == 2


def test_an_account_that_is_not_ready_is_asked_for_again(storage: ArtifactStorage) -> None:
    arm = PlacesAsked("Creating")
    account = storage.find(arm, "eastus2")  # type: ignore[arg-type]
    assert account is not None
    assert not account.is_ready

    arm.state = "Succeeded"

    assert storage.find(arm, "eastus2").is_ready  # type: ignore[arg-type,union-attr]


def test_a_deployments_container_is_named_after_it() -> None:
    longest = "a" * 48

    assert templates_container(longest) == f"templates-{longest}"
    assert len(templates_container(longest)) <= 63


def test_an_account_that_storage_does_not_know_is_no_matter_of_the_template(
    storage: ArtifactStorage, account: ArtifactAccount, container: str
) -> None:
    stranger = account.model_copy(update={"blob_endpoint": account.blob_endpoint.replace("armatureapp", "nobody")})

    with pytest.raises(FailureError) as caught:
        storage.upload(stranger, container, "x", io.BytesIO(b"x"), 1)

    assert caught.value.failure.failure_class in (FailureClass.STORAGE_ACCESS, FailureClass.MISSING_DEPENDENCY)
