"""Each fault of storage happens as the catalogue says, through real requests to a real Azurite."""

import datetime as dt
import json
import subprocess
import time
import uuid
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError, IncompleteReadError, ServiceRequestError, ServiceResponseError
from azure.identity import ManagedIdentityCredential
from azure.storage.blob import BlobServiceClient, ContainerClient, ContainerSasPermissions, generate_container_sas
from azure.storage.queue import QueueClient

from emulator.azurite.accounts import APP_ACCOUNT
from emulator.azurite.launch import PRELOADS
from emulator.faults.folder import RULES, FaultFolder
from emulator.faults.model import glob, read_faults
from emulator.faults.plan import roll
from tests.running import RunningAzurite

CONTENT = bytes(range(256)) * 1200
HOUR = dt.timedelta(hours=1)
CUT = (ServiceRequestError, ServiceResponseError, IncompleteReadError)


class Storage:
    """A container of a test's own, and the faults of its blobs."""

    def __init__(self, azurite: RunningAzurite, service: BlobServiceClient) -> None:
        self.azurite = azurite
        self.service = service
        self.faults = FaultFolder(azurite.foundation.state)
        self.container: ContainerClient = service.create_container(f"c{uuid.uuid4().hex}")

    def given(self, fault: str, operation: str, *, attempts: Any = (1,), match: Any = None, **parameters: Any) -> None:
        narrowed = {"operation": operation, "container": self.container.container_name, **(match or {})}
        rule = {"id": fault, "service": "storage", "fault": fault, "match": narrowed, "attempts": attempts}
        self.faults.load(read_faults({"rules": [{**rule, "parameters": parameters}]}))

    def upload(self, name: str = "a", **options: Any) -> None:
        self.container.upload_blob(name, CONTENT, **options)

    def read(self, name: str = "a") -> bytes:
        content: bytes = self.container.download_blob(name).readall()
        return content

    def names(self) -> list[str]:
        return list(self.container.list_blob_names())

    def sas_url(self, name: str = "a") -> str:
        now = dt.datetime.now(dt.UTC)
        start = now - dt.timedelta(minutes=5)
        key = self.service.get_user_delegation_key(start, now + HOUR)
        sas = generate_container_sas(
            APP_ACCOUNT,
            self.container.container_name,
            user_delegation_key=key,
            permission=ContainerSasPermissions(read=True),
            start=start,
            expiry=now + HOUR,
        )
        return f"{self.container.url}/{name}?{sas}"

    def get(self, url: str, **headers: str) -> requests.Response:
        return requests.get(url, headers=headers, verify=self.azurite.settings["REQUESTS_CA_BUNDLE"], timeout=30)


@pytest.fixture
def storage(azurite: RunningAzurite) -> Iterator[Storage]:
    with (
        azurite.use_environment(),
        ManagedIdentityCredential() as credential,
        BlobServiceClient(
            f"{azurite.blob_endpoint}/{APP_ACCOUNT}", credential=credential, retry_total=0, max_single_put_size=1 << 20
        ) as service,
    ):
        running = Storage(azurite, service)
        yield running
        running.faults.clear()


@pytest.mark.shows_fault("slow")
def test_storage_slow(storage: Storage) -> None:
    storage.given("slow", "PutBlob", delaySeconds=0.3)

    began = time.monotonic()
    storage.upload()

    assert time.monotonic() - began >= 0.3
    assert storage.read() == CONTENT


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "code"),
    [
        ("serverBusy", {}, 503, "ServerBusy"),
        ("internalError", {}, 500, "InternalError"),
        ("forbidden", {}, 403, "AuthorizationPermissionMismatch"),
        ("forbidden", {"code": "AuthorizationFailure"}, 403, "AuthorizationFailure"),
        ("refused", {"status": 429, "code": "TooManyRequests", "message": "Slow down."}, 429, "TooManyRequests"),
    ],
    ids=["server_busy", "internal_error", "forbidden", "forbidden_by_network", "refused"],
)
@pytest.mark.shows_fault
def test_storage_refusals(storage: Storage, fault: str, parameters: dict[str, Any], status: int, code: str) -> None:
    storage.given(fault, "PutBlob", **parameters)

    with pytest.raises(HttpResponseError) as refused:
        storage.upload()

    assert (refused.value.status_code, refused.value.error_code) == (status, code)
    assert storage.names() == []
    storage.upload()
    assert storage.read() == CONTENT


def test_a_refused_head_has_no_body(storage: Storage) -> None:
    storage.upload()
    storage.given("serverBusy", "GetBlobProperties")

    with pytest.raises(HttpResponseError) as refused:
        storage.container.get_blob_client("a").get_blob_properties()

    assert refused.value.status_code == 503


@pytest.mark.parametrize("fault", ["connectionReset", "cutUpload"])
@pytest.mark.shows_fault
def test_storage_connection_reset_and_cut_upload(storage: Storage, fault: str) -> None:
    storage.given(fault, "PutBlob", **({"afterBytes": 1000} if fault == "cutUpload" else {}))

    with pytest.raises(CUT):
        storage.upload()

    assert storage.names() == []


@pytest.mark.shows_fault("answerLost")
def test_storage_answer_lost(storage: Storage) -> None:
    storage.given("answerLost", "PutBlob")

    with pytest.raises(CUT):
        storage.upload()

    assert storage.read() == CONTENT


@pytest.mark.shows_fault("cutDownload")
def test_storage_cut_download(storage: Storage) -> None:
    storage.upload()
    storage.given("cutDownload", "GetBlob", afterBytes=1000)

    url, arrived = storage.sas_url(), bytearray()
    with (
        requests.get(url, stream=True, verify=storage.azurite.settings["REQUESTS_CA_BUNDLE"], timeout=30) as response,
        pytest.raises(requests.exceptions.RequestException),
    ):
        pour(response, arrived)

    assert (response.status_code, int(response.headers["Content-Length"])) == (200, len(CONTENT))
    assert arrived == CONTENT[:1000]
    assert storage.get(url).content == CONTENT


def pour(response: requests.Response, into: bytearray) -> None:
    """Read the body piece by piece, so that what arrived before it ended badly is kept."""
    for piece in response.iter_content(100):
        into += piece


def test_a_download_shorter_than_the_cut_is_whole(storage: Storage) -> None:
    storage.upload()
    storage.given("cutDownload", "GetBlob", attempts="1-", afterBytes=len(CONTENT))

    assert storage.get(storage.sas_url()).content == CONTENT


@pytest.mark.shows_fault("sasExpired")
def test_storage_sas_expired(storage: Storage) -> None:
    storage.upload()
    url = storage.sas_url()
    storage.given("sasExpired", "GetBlob")

    with_token, first, second = storage.read(), storage.get(url), storage.get(url)

    assert with_token == second.content == CONTENT
    assert (first.status_code, first.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")
    assert "Signature not valid in the specified time frame" in first.text


@pytest.mark.parametrize(
    ("skew", "status"), [(-3600, 403), (7200, 403), (-60, 200), (60, 200)], ids=["late", "early", "less", "more"]
)
@pytest.mark.shows_fault("clockSkew")
def test_storage_clock_skew(storage: Storage, skew: int, status: int) -> None:
    storage.upload()
    url = storage.sas_url()
    storage.given("clockSkew", "GetBlob", skewSeconds=skew)

    response = storage.get(url)

    assert response.status_code == status
    assert ("Signature not valid in the specified time frame" in response.text) is (status == 403)
    if status == 200:
        told = parsedate_to_datetime(response.headers["Date"])
        assert abs((told - dt.datetime.now(dt.UTC)).total_seconds() - skew) < 30


def test_a_token_is_judged_by_the_skewed_clock_too(storage: Storage) -> None:
    storage.given("clockSkew", "PutBlob", attempts="1-", skewSeconds=7200)

    with pytest.raises(HttpResponseError) as refused:
        storage.upload()

    assert (refused.value.status_code, refused.value.error_code) == (401, "InvalidAuthenticationInfo")


def test_a_rule_can_be_for_what_arm_downloads_only(storage: Storage) -> None:
    storage.upload()
    url = storage.sas_url()
    storage.given("serverBusy", "GetBlob", attempts="1-", match={"caller": "arm", "credential": "sas"})

    by_arm = storage.get(url, **{"User-Agent": "Python/3.11 aiohttp/3.14"})
    by_other = storage.get(url)

    assert (by_arm.status_code, by_other.status_code, storage.read()) == (503, 200, CONTENT)


def test_blocks_are_told_apart_from_their_list(storage: Storage) -> None:
    blob = storage.container.get_blob_client("b")
    storage.given("serverBusy", "PutBlock", attempts="1-")

    with pytest.raises(HttpResponseError):
        blob.stage_block("YQ==", b"a")
    storage.given("serverBusy", "PutBlockList", attempts="1-")
    blob.stage_block("YQ==", b"a")
    with pytest.raises(HttpResponseError):
        blob.commit_block_list(["YQ=="])

    keys = [entry["key"] for entry in storage.faults.happened()][-2:]
    path = f"/{APP_ACCOUNT}/{storage.container.container_name}/b"
    assert keys == [f"PutBlock {path} WVE9PQ==", f"PutBlockList {path}"]  # the SDK encodes a block's id once more


@pytest.mark.parametrize(
    ("operation", "act"),
    [
        ("PutMessage", lambda queue: queue.send_message("x")),
        ("GetMessages", lambda queue: list(queue.receive_messages())),
        ("PeekMessages", lambda queue: queue.peek_messages()),
        ("UpdateMessage", lambda queue: queue.update_message(queue.sent, content="y")),
        ("DeleteMessage", lambda queue: queue.delete_message(queue.sent)),
        ("GetQueueProperties", lambda queue: queue.get_queue_properties()),
        ("DeleteQueue", lambda queue: queue.delete_queue()),
    ],
)
def test_queues_have_faults_too(azurite: RunningAzurite, operation: str, act: Any) -> None:
    name, faults = f"q{uuid.uuid4().hex}", FaultFolder(azurite.foundation.state)
    rule = {"id": "busy", "service": "storage", "fault": "serverBusy", "match": {"operation": operation, "name": name}}
    with (
        azurite.use_environment(),
        QueueClient.from_connection_string(azurite.settings["AzureWebJobsStorage"], name, retry_total=0) as queue,
    ):
        queue.create_queue()
        queue.sent = queue.send_message("start")
        faults.load(read_faults({"rules": [rule]}))

        with pytest.raises(HttpResponseError) as refused:
            act(queue)

        faults.clear()
    assert refused.value.status_code == 503
    assert faults.happened()[-1]["occasion"]["caller"] == "host"


def test_node_decides_as_python_does() -> None:
    cases = [(seed, f"rule-{seed}", f"GetBlob /a/c/é {seed}", seed + 1) for seed in range(50)]
    patterns = [("web-*", "WEB-1"), ("a?c", "abc"), ("a.c", "abc"), ("*", ""), ("x[1]", "x[1]"), ("a+b\\", "a+b\\")]
    module = Path(PRELOADS[0]).with_name("fault-plan.cjs")
    script = f"""
        const {{ glob, roll }} = require({json.dumps(str(module))});
        const [cases, patterns] = {json.dumps([cases, patterns])};
        const matched = patterns.map(([pattern, text]) => glob(pattern).test(text));
        console.log(JSON.stringify([cases.map((one) => roll(...one)), matched]));
    """

    told = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout

    rolls, matched = json.loads(told)
    assert rolls == [roll(*case) for case in cases]
    assert matched == [glob(pattern).fullmatch(text) is not None for pattern, text in patterns]


def test_nonsense_in_the_file_changes_nothing(storage: Storage) -> None:
    storage.given("serverBusy", "PutBlob", attempts="1-")
    with pytest.raises(HttpResponseError):
        storage.upload()

    (storage.azurite.foundation.state / RULES).write_text("{")

    with pytest.raises(HttpResponseError) as refused:
        storage.upload()
    assert refused.value.status_code == 503


def test_a_pattern_of_operations_means_those_at_which_the_fault_can_happen(azurite: RunningAzurite) -> None:
    name, faults = f"q{uuid.uuid4().hex}", FaultFolder(azurite.foundation.state)
    rule = {"id": "cut", "service": "storage", "fault": "cutDownload", "match": {"operation": "Get*"}}
    with (
        azurite.use_environment(),
        QueueClient.from_connection_string(azurite.settings["AzureWebJobsStorage"], name, retry_total=0) as queue,
    ):
        queue.create_queue()
        faults.load(read_faults({"rules": [rule]}))

        assert list(queue.receive_messages()) == []

        (loaded,) = faults.read().rules
        faults.clear()
    assert "GetBlob" in loaded.match.given()["operation"]
    assert "GetMessages" not in loaded.match.given()["operation"]
