import io
import random
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from armature.azure.artifacts import ArtifactAccount, ArtifactStorage
from armature.azure.blobs import BLOCK_BYTES
from armature.azure.bundles import BundleStorage
from armature.azure.ranges import TAIL_BYTES, open_blob
from armature.bundle import BundleLimits
from armature.clouds import Cloud
from armature.errors import FailureClass, FailureError
from armature.request import BundleReference
from armature.settings import Settings
from armature.zip_bundle import ZipBundle

CONTENT = random.Random(3).randbytes(2 * BLOCK_BYTES + TAIL_BYTES + 333)


@pytest.fixture(scope="module")
def bundles(settings: Settings, credential: TokenCredential) -> BundleStorage:
    return BundleStorage(settings, credential)


@pytest.fixture(scope="module")
def large(bundles: BundleStorage) -> BundleReference:
    bundles.store("large-bundle", io.BytesIO(CONTENT))
    return BundleReference(id="large-bundle")


def put(url: str, content: bytes) -> int:
    return requests.put(url, data=content, headers={"x-ms-blob-type": "BlockBlob"}, timeout=10).status_code


def test_a_bundle_is_stored_once_and_read_back(bundles: BundleStorage, fresh_name: Callable[[], str]) -> None:
    bundle_id = fresh_name()

    first = bundles.store(bundle_id, io.BytesIO(b"zip"))
    second = bundles.store(bundle_id, io.BytesIO(b"other"))

    assert (first, second) == (3, 0)
    with bundles.open(BundleReference(id=bundle_id)) as file:
        assert file.read() == b"zip"


def test_bundles_are_listed_by_their_ids_and_what_is_gone_stays_gone(
    bundles: BundleStorage, fresh_name: Callable[[], str]
) -> None:
    bundle_id = fresh_name()
    bundles.store(bundle_id, io.BytesIO(b"zip"))

    listed = next(stored for stored in bundles.stored() if stored.name == bundle_id)

    assert listed.size == 3
    assert bundles.delete(listed)
    assert bundles.delete(listed)
    assert bundle_id not in [stored.name for stored in bundles.stored()]


def test_a_bundle_that_was_written_again_since_it_was_listed_is_not_deleted(
    bundles: BundleStorage, fresh_name: Callable[[], str]
) -> None:
    bundle_id = fresh_name()
    url, _ = bundles.upload_url(bundle_id)
    assert put(url, b"zip") == 201
    listed = next(stored for stored in bundles.stored() if stored.name == bundle_id)

    assert put(url, b"zip, again") == 201

    assert not bundles.delete(listed)
    assert bundle_id in [stored.name for stored in bundles.stored()]


def test_a_bundle_larger_than_allowed_is_not_kept(
    settings: Settings, credential: TokenCredential, fresh_name: Callable[[], str]
) -> None:
    small = BundleStorage(settings.model_copy(update={"max_bundle_bytes": BLOCK_BYTES}), credential)
    bundle_id = fresh_name()

    with pytest.raises(FailureError) as too_large:
        small.store(bundle_id, io.BytesIO(CONTENT))
    with pytest.raises(FailureError) as absent:
        small.open(BundleReference(id=bundle_id))

    assert too_large.value.failure.code == "TooLarge"
    assert absent.value.failure.code == "BundleNotFound"


@given(
    reads=st.lists(
        st.tuples(st.integers(0, len(CONTENT) + 10), st.integers(0, 2 * BLOCK_BYTES)), min_size=1, max_size=6
    )
)
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_a_read_from_anywhere_gives_the_bytes_that_are_there(
    bundles: BundleStorage, large: BundleReference, reads: list[tuple[int, int]]
) -> None:
    with bundles.open(large) as file:
        for offset, length in reads:
            file.seek(offset)

            assert file.read(length) == CONTENT[offset : offset + length]
            assert file.tell() == offset + len(CONTENT[offset : offset + length])


def test_positions_are_counted_from_start_here_and_end(bundles: BundleStorage, large: BundleReference) -> None:
    with bundles.open(large) as file:
        assert file.seek(0, io.SEEK_END) == len(CONTENT)
        assert file.read(1) == b""
        assert file.seek(-3, io.SEEK_END) == len(CONTENT) - 3
        assert file.read() == CONTENT[-3:]
        file.seek(10)
        assert file.seek(5, io.SEEK_CUR) == 15
        with pytest.raises((ValueError, OSError)):
            file.seek(-1)


def test_an_empty_bundle_is_an_empty_file(bundles: BundleStorage, fresh_name: Callable[[], str]) -> None:
    bundle_id = fresh_name()
    bundles.store(bundle_id, io.BytesIO(b""))

    with bundles.open(BundleReference(id=bundle_id)) as file:
        assert file.read() == b""


def test_a_zip_is_read_from_storage_entry_by_entry(bundles: BundleStorage, fresh_name: Callable[[], str]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr("packages/big.bin", CONTENT)
    bundle_id = fresh_name()
    bundles.store(bundle_id, io.BytesIO(packed.getvalue()))

    with bundles.open(BundleReference(id=bundle_id)) as file:
        bundle = ZipBundle(file, BundleLimits())

        assert set(bundle.entries) == {"manifest.json", "packages/big.bin"}
        assert bundle.open("packages/big.bin").read() == CONTENT
        assert bundle.read("manifest.json", 100) == b"{}"


def test_a_bundle_that_is_overwritten_while_it_is_read_is_noticed(
    bundles: BundleStorage, fresh_name: Callable[[], str]
) -> None:
    bundle_id = fresh_name()
    url, _ = bundles.upload_url(bundle_id)
    assert put(url, CONTENT) == 201

    with bundles.open(BundleReference(id=bundle_id)) as file:
        file.read(10)
        assert put(url, bytes(reversed(CONTENT))) == 201
        file.seek(2 * BLOCK_BYTES)
        with pytest.raises(FailureError) as caught:
            file.read(10)

    assert caught.value.failure.code == "BundleChanged"
    assert not caught.value.failure.is_retried


def test_an_upload_url_writes_that_bundle_and_reads_nothing(
    bundles: BundleStorage, fresh_name: Callable[[], str]
) -> None:
    bundle_id, other = fresh_name(), fresh_name()
    url, expires_at = bundles.upload_url(bundle_id)

    assert put(url, b"zip") == 201
    assert requests.get(url, timeout=10).status_code == 403
    assert requests.delete(url, timeout=10).status_code == 403
    assert put(url.replace(bundle_id, other), b"zip") == 403

    terms = parse_qs(urlsplit(url).query)
    assert terms["spr"] == ["https"]
    assert timedelta(minutes=59) < expires_at - datetime.now(UTC) <= timedelta(hours=1)
    with bundles.open(BundleReference(id=bundle_id)) as file:
        assert file.read() == b"zip"


@pytest.mark.parametrize(("answered", "etag"), [(b"", "1"), (b"zip", "1"), (b"x" * 11, "1"), (b"x" * 10, "2")])
def test_a_host_that_answers_another_length_or_version_than_it_told_is_not_believed(answered: bytes, etag: str) -> None:
    class Lying:
        def get_blob_properties(self) -> Any:
            return SimpleNamespace(etag="1", size=10)

        def download_blob(self, **_: Any) -> Any:
            return SimpleNamespace(readall=lambda: answered, properties=SimpleNamespace(etag=etag))

    lying: Any = Lying()
    with open_blob(lying) as file, pytest.raises(FailureError) as caught:
        file.read()

    assert caught.value.failure.code == "BundleChanged"


def test_a_host_that_redirects_is_neither_followed_nor_asked_again() -> None:
    class Leading:
        def get_blob_properties(self) -> Any:
            raise HttpResponseError(response=SimpleNamespace(status_code=302, reason="Found", headers={}))

    leading: Any = Leading()
    with pytest.raises(FailureError, match="302") as caught:
        open_blob(leading)

    assert caught.value.failure.code == "BundleUriRefused"
    assert not caught.value.failure.is_retried


class TestUri:
    """Bundles by address: our own with our identity, others only where the settings allow it."""

    def test_our_own_is_read_with_our_identity(
        self, bundles: BundleStorage, settings: Settings, large: BundleReference
    ) -> None:
        uri = f"{settings.storage_blob_endpoint}/bundles/{large.id}.zip"

        with bundles.open(BundleReference(uri=uri)) as file:
            assert file.read(5) == CONTENT[:5]

    def test_our_identity_reads_no_other_container_for_a_caller(
        self, bundles: BundleStorage, settings: Settings
    ) -> None:
        with pytest.raises(FailureError) as caught:
            bundles.open(BundleReference(uri=f"{settings.storage_blob_endpoint}/deployments/state/x.json"))

        assert caught.value.failure.code == "BundleUriRefused"

    @pytest.mark.parametrize(
        "path", ["../deployments/x.zip", "%2e%2e/x.zip", "..%2fdeployments/x.zip", "a/./x.zip", "/x"]
    )
    def test_our_identity_is_led_out_of_the_bundles_by_no_path(
        self, bundles: BundleStorage, settings: Settings, path: str
    ) -> None:
        with pytest.raises(FailureError) as caught:
            bundles.open(BundleReference(uri=f"{settings.storage_blob_endpoint}/bundles/{path}"))

        assert caught.value.failure.code == "BundleUriRefused"

    @pytest.mark.parametrize(
        "uri",
        [
            "https://evil.example/x.zip",
            "https://169.254.169.254/metadata",
            "https://allowed.example@evil.example/x.zip",
            "https://allowed.example:8443@evil.example/x.zip",
            "https://allowed.example.evil.example/x.zip",
        ],
    )
    def test_a_host_that_is_not_allowed_is_never_asked(
        self, settings: Settings, credential: TokenCredential, uri: str
    ) -> None:
        bundles = BundleStorage(settings.model_copy(update={"allowed_bundle_hosts": ("allowed.example",)}), credential)

        with pytest.raises(FailureError) as caught:
            bundles.open(BundleReference(uri=uri))

        assert caught.value.failure.code == "BundleUriRefused"
        assert caught.value.failure.failure_class is FailureClass.TEMPLATE

    def test_an_allowed_host_is_read_with_our_identity(
        self,
        settings: Settings,
        credential: TokenCredential,
        cloud: Cloud,
        account: ArtifactAccount,
        fresh_name: Callable[[], str],
    ) -> None:
        artifacts, container = ArtifactStorage(cloud, credential), fresh_name()
        artifacts.upload(account, container, "x.zip", io.BytesIO(CONTENT), len(CONTENT))
        address = artifacts.blob_uri(account, container, "x.zip")
        # Its own storage is not ours: only the host is the same.
        elsewhere = settings.model_copy(
            update={"storage_blob_endpoint": "https://ours.example/ours", "allowed_bundle_hosts": ("127.0.0.1",)}
        )

        with BundleStorage(elsewhere, credential).open(BundleReference(uri=address)) as file:
            assert file.read() == CONTENT
