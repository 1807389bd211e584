import io
import traceback
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from armature.azure.bundles import BundleStorage
from armature.azure.identity import credential
from armature.cli import packaging
from armature.cli.answers import StoredBundle
from armature.cli.client import ApiClient
from armature.cli.exits import CommandError, ExitCode
from armature.cli.packaging import opened, packed, send
from armature.cli.refusals import ApiError
from armature.clouds import cloud_of
from armature.request import BundleReference
from armature.settings import Settings
from tests.running import RunningAzurite

CONTENT = b"PK" + bytes(range(256)) * 100


class ApiWithStorage(ApiClient):
    """The API's part in an upload: it hands out an address."""

    def __init__(self, url: str) -> None:
        super().__init__("https://127.0.0.1/api")
        self.url = url

    def reserve_bundle(self) -> StoredBundle:
        return StoredBundle(bundle_id="bundle-1", upload_url=self.url)


@pytest.fixture
def storage(azurite: RunningAzurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[BundleStorage]:
    monkeypatch.setattr(packaging, "SENT_WITH_THE_REQUEST_BELOW", 0)
    with azurite.use_environment():
        settings = Settings()
        yield BundleStorage(settings, credential(settings, cloud_of(settings)))


def test_a_large_bundle_is_written_to_the_app_s_storage(storage: BundleStorage) -> None:
    bundle_id = f"b-{uuid.uuid4().hex[:12]}"
    url, _ = storage.upload_url(bundle_id)

    assert send(ApiWithStorage(url), io.BytesIO(CONTENT), lambda _: None) == "bundle-1"

    with storage.open(BundleReference(id=bundle_id)) as stored:
        assert stored.read() == CONTENT


def test_a_refused_upload_tells_the_reason_and_never_the_signature(storage: BundleStorage) -> None:
    url, _ = storage.upload_url(f"b-{uuid.uuid4().hex[:12]}")
    spoiled = url.replace("sig=", "sig=AAAA")

    with pytest.raises(ApiError) as refused:
        send(ApiWithStorage(spoiled), io.BytesIO(CONTENT), lambda _: None)

    assert "failed to authenticate" in refused.value.message
    told = "".join(traceback.format_exception(refused.value))
    assert "sig=" not in told


def test_a_folder_packs_into_the_same_bytes_every_time(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")

    with packed(tmp_path) as first:
        bytes_of_first = first.read()
    (tmp_path / "manifest.json").touch()

    with packed(tmp_path) as second:
        assert second.read() == bytes_of_first


def test_a_path_that_is_no_bundle_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused, opened(tmp_path / "nowhere"):
        pass

    assert refused.value.exit_code is ExitCode.USAGE
