"""Uploads to an address with a SAS, against a real Azurite."""

import io
import time
from collections.abc import Callable

import pytest
from azure.core.credentials import TokenCredential

from armature.azure.blobs import BLOCK_BYTES
from armature.azure.bundles import BUNDLES_CONTAINER, BundleStorage
from armature.azure.upload_url import upload_to_url
from armature.errors import FailureError
from armature.request import BundleReference
from armature.settings import Settings
from tests.armature.azure.conftest import Faults

CONTENT = bytes(range(256)) * (BLOCK_BYTES // 256) + b"end"


@pytest.fixture
def bundles(settings: Settings, credential: TokenCredential) -> BundleStorage:
    return BundleStorage(settings, credential)


def test_a_file_arrives_though_storage_fails_for_a_moment(
    bundles: BundleStorage, fresh_name: Callable[[], str], faults: Faults
) -> None:
    name = fresh_name()
    url, _ = bundles.upload_url(name)
    match = {"operation": "PutBlock*", "container": BUNDLES_CONTAINER}
    faults.given({"service": "storage", "fault": "answerLost", "match": match, "attempts": [1]})

    upload_to_url(url, io.BytesIO(CONTENT), len(CONTENT))

    assert bundles.open(BundleReference(id=name)).read() == CONTENT
    assert set(faults.happened()) == {"answerLost"}


def test_a_certificate_that_is_not_trusted_is_told_at_once(
    bundles: BundleStorage, fresh_name: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = bundles.upload_url(fresh_name())
    for setting in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(setting)
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    with pytest.raises(FailureError) as caught:
        upload_to_url(url, io.BytesIO(CONTENT), len(CONTENT))

    failure = caught.value.failure
    assert (failure.code, pauses) == ("CertificateNotTrusted", [])
    assert "REQUESTS_CA_BUNDLE" in failure.suggestion
    assert "sig=" not in repr(failure)
