"""What fails for a moment is overcome inside the gateway; what lasts is a classified failure, soon."""

import io
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import requests
from azure.core.credentials import TokenCredential
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError
from urllib3.exceptions import SSLError as Urllib3SSLError

from armature.azure.arm import ArmGateway
from armature.azure.artifacts import ArtifactAccount, ArtifactStorage
from armature.azure.blobs import BLOCK_BYTES, BlobEndpoint
from armature.azure.brief_retries import BRIEFLY, BriefPatience
from armature.azure.bundles import BUNDLES_CONTAINER, BundleStorage
from armature.azure.documents import DocumentStore
from armature.azure.models import DeploymentBody
from armature.azure.sas import SasSigner
from armature.clouds import Cloud
from armature.errors import FailureClass, FailureError
from armature.plan import DeploymentScopeTarget
from armature.request import BundleReference
from armature.settings import Settings
from tests.armature.azure.canned import Answer, CannedArm
from tests.armature.azure.conftest import SUBSCRIPTION, Faults

S = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{S}/resourceGroups/rg"
DEPLOYMENT = f"{GROUP}/providers/Microsoft.Resources/deployments/web"
IN_GROUP = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group="rg")
KNOWN = Answer(200, {"subscriptionId": SUBSCRIPTION})


def refused() -> Exception:
    reason = NewConnectionError(None, "Failed to establish a new connection: [Errno 111] Connection refused")  # type: ignore[arg-type]
    reason.__cause__ = ConnectionRefusedError(111, "Connection refused")
    return requests.ConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]


def untrusted() -> Exception:
    reason = Urllib3SSLError(ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate"))
    return requests.exceptions.SSLError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]


MOMENTARY = {
    "500": Answer(500, "<html>Oops</html>"),
    "502": Answer(502),
    "503": Answer(503, {"error": {"code": "ServerBusy", "message": "Busy."}}),
    "504": Answer(504),
    "429": Answer(429, {"error": {"code": "TooManyRequests", "message": "Slow."}}, {"Retry-After": "1"}),
    "refused": Answer(raises=refused()),
    "reset": Answer(raises=requests.ConnectionError(ProtocolError("aborted", ConnectionResetError(104, "reset")))),
}
LASTING = {
    "400": Answer(400, {"error": {"code": "InvalidRequest", "message": "No."}}),
    "403": Answer(403, {"error": {"code": "AuthorizationFailed", "message": "No."}}),
    "409 with Retry-After": Answer(409, {"error": {"code": "Conflict", "message": "No."}}, {"Retry-After": "1"}),
    "silence": Answer(raises=requests.ReadTimeout("Read timed out.")),
    "certificate": Answer(raises=untrusted()),
}


class TestPatience:
    """How often and how long is waited."""

    @given(st.lists(st.none() | st.floats(0, 3), min_size=20, max_size=20))
    def test_it_ends_after_a_few_tries_and_seconds_whatever_is_asked_for(self, asked: list[float | None]) -> None:
        waited, failed = 0.0, 0
        for retry_after in asked:
            failed += 1
            pause = BRIEFLY.pause(failed, waited, retry_after)
            if pause is None:
                break
            waited += pause

        assert failed <= BRIEFLY.tries
        assert waited <= BRIEFLY.waited_at_most

    @given(st.floats(0, 2))
    def test_no_one_comes_back_before_a_retry_after(self, retry_after: float) -> None:
        pause = BRIEFLY.pause(1, 0, retry_after)

        assert pause is not None
        assert retry_after <= pause <= retry_after * 1.1

    def test_pauses_grow_and_differ(self) -> None:
        firsts = {BRIEFLY.pause(1, 0, None) for _ in range(20)}
        patient = BriefPatience(tries=10, waited_at_most=60)

        assert len(firsts) > 1
        assert all(first is not None and 0.1 <= first <= 0.2 for first in firsts)
        assert all(0.8 <= (patient.pause(4, 0, None) or 0) <= 1.6 for _ in range(20))
        assert all((patient.pause(9, 0, None) or 0) <= 2 for _ in range(20))

    def test_a_long_retry_after_is_not_waited_for(self) -> None:
        assert BRIEFLY.pause(1, 0, 2.1) is None


class TestArm:
    """Requests to ARM."""

    @pytest.mark.parametrize("trouble", MOMENTARY.values(), ids=MOMENTARY.keys())
    def test_four_failures_are_overcome(self, canned_arm: CannedArm, trouble: Answer) -> None:
        gateway, adapter = canned_arm({("GET", S): [trouble] * 4 + [KNOWN]})

        gateway.check_access()

        assert len(adapter.requests) == 5
        assert len(adapter.slept) == 4

    @pytest.mark.parametrize("trouble", MOMENTARY.values(), ids=MOMENTARY.keys())
    def test_the_fifth_is_a_failure_that_can_be_tried_again(self, canned_arm: CannedArm, trouble: Answer) -> None:
        gateway, adapter = canned_arm({("GET", S): [trouble] * 5})

        with pytest.raises(FailureError) as caught:
            gateway.check_access()

        assert caught.value.failure.failure_class in (FailureClass.TRANSIENT, FailureClass.THROTTLED)
        assert caught.value.failure.is_retried
        assert len(adapter.requests) == 5

    @pytest.mark.parametrize("trouble", LASTING.values(), ids=LASTING.keys())
    def test_what_lasts_is_not_tried_again(self, canned_arm: CannedArm, trouble: Answer) -> None:
        gateway, adapter = canned_arm({("GET", S): trouble})

        with pytest.raises(FailureError):
            gateway.check_access()

        assert (len(adapter.requests), adapter.slept) == (1, [])

    def test_a_long_retry_after_is_left_to_the_caller(self, canned_arm: CannedArm) -> None:
        gateway, adapter = canned_arm({("GET", S): Answer(429, {}, {"Retry-After": "17"})})

        with pytest.raises(FailureError) as caught:
            gateway.check_access()

        assert caught.value.failure.retry_after_seconds == 17
        assert (len(adapter.requests), adapter.slept) == (1, [])

    @pytest.mark.parametrize("trouble", MOMENTARY.values(), ids=MOMENTARY.keys())
    def test_a_deployment_is_put_again_whole(self, canned_arm: CannedArm, trouble: Answer) -> None:
        started = Answer(201, {"id": DEPLOYMENT, "name": "web", "properties": {"provisioningState": "Accepted"}})
        gateway, adapter = canned_arm({("PUT", DEPLOYMENT): [trouble, started]})

        gateway.put_deployment(IN_GROUP, "web", DeploymentBody(template={"resources": []}, tags={"a": "1"}))

        first, second = adapter.sent("PUT")
        assert first == second
        assert second["properties"]["template"] == {"resources": []}

    def test_a_post_is_made_again(self, canned_arm: CannedArm) -> None:
        gateway, adapter = canned_arm({("POST", f"{DEPLOYMENT}/cancel"): [MOMENTARY["reset"], Answer(204)]})

        assert gateway.cancel_deployment(DEPLOYMENT)

        assert len(adapter.requests) == 2


class TestLostAnswerOfADeployment:
    """ARM did the work, nobody heard of it, and our own second try meets it."""

    BODY = DeploymentBody(template={"resources": []}, tags={"deployment": "d-1", "attempt": "1"})
    ACTIVE = Answer(409, {"error": {"code": "DeploymentActive", "message": "It is running."}})

    def standing(self, **tags: str) -> Answer:
        document = {"id": DEPLOYMENT, "name": "web", "tags": tags, "properties": {"provisioningState": "Running"}}
        return Answer(200, document)

    def test_our_own_is_known_by_its_tags(self, canned_arm: CannedArm) -> None:
        put = [MOMENTARY["reset"], self.ACTIVE]
        gateway, _ = canned_arm({("PUT", DEPLOYMENT): put, ("GET", DEPLOYMENT): self.standing(**self.BODY.tags)})

        started = gateway.put_deployment(IN_GROUP, "web", self.BODY)

        assert (started.provisioning_state, started.tags) == ("Running", self.BODY.tags)

    @pytest.mark.parametrize("tags", [{}, {"deployment": "d-1", "attempt": "2"}, {"deployment": "d-2", "attempt": "1"}])
    def test_anothers_is_a_conflict(self, canned_arm: CannedArm, tags: dict[str, str]) -> None:
        gateway, _ = canned_arm({("PUT", DEPLOYMENT): self.ACTIVE, ("GET", DEPLOYMENT): self.standing(**tags)})

        with pytest.raises(FailureError) as caught:
            gateway.put_deployment(IN_GROUP, "web", self.BODY)

        assert caught.value.failure.code == "DeploymentActive"

    def test_without_tags_nothing_is_known_for_ours(self, canned_arm: CannedArm) -> None:
        gateway, _ = canned_arm({("PUT", DEPLOYMENT): self.ACTIVE, ("GET", DEPLOYMENT): self.standing()})

        with pytest.raises(FailureError):
            gateway.put_deployment(IN_GROUP, "web", DeploymentBody(template={}))

    def test_on_the_emulated_arm_one_deployment_runs(
        self, arm: ArmGateway, faults: Faults, fresh_name: Callable[[], str]
    ) -> None:
        group = fresh_name()
        arm.ensure_resource_group(group, "eastus2", {})
        scope = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group=group)
        identity = {
            "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
            "apiVersion": "2023-01-31",
            "name": "id-stuck",
            "location": "eastus2",
        }
        schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
        template = {"$schema": schema, "contentVersion": "1.0.0.0", "resources": [identity]}
        lost = {"operation": "PutDeployment", "resourceGroup": group}
        stuck = {"operation": "CreateResource", "resourceGroup": group}
        faults.given(
            {"service": "arm", "fault": "answerLost", "match": lost, "attempts": [1]},
            {"service": "arm", "fault": "stuck", "match": stuck},
        )

        started = arm.put_deployment(scope, "web", DeploymentBody(template=template, tags={"attempt": "1"}))

        assert "answerLost" in faults.happened()
        assert not started.is_final
        assert started.tags == {"attempt": "1"}
        assert [item.name for item in arm.deployments_of(scope.resource_id)] == ["web"]
        arm.cancel_deployment(started.id)


STORAGE_FAULTS = ["serverBusy", "internalError", "connectionReset", "answerLost"]


@pytest.fixture
def container(fresh_name: Callable[[], str]) -> str:
    return fresh_name()


@pytest.fixture
def store(settings: Settings, credential: TokenCredential, container: str) -> DocumentStore:
    return DocumentStore(settings.storage_blob_endpoint, container, credential)


@pytest.fixture
def storage(cloud: Cloud, credential: TokenCredential) -> ArtifactStorage:
    return ArtifactStorage(cloud, credential)


def trouble(fault: str, operation: str, container: str, attempts: Any = (1, 2), **parameters: Any) -> dict[str, Any]:
    match = {"operation": operation, "container": container}
    return {"service": "storage", "fault": fault, "match": match, "attempts": attempts, "parameters": parameters}


class TestDocuments:
    """Conditional and other writes of small documents, when storage fails for a moment."""

    @pytest.fixture(autouse=True)
    def _there(self, store: DocumentStore) -> None:
        store.put("there", b"1", {"n": "1"})

    @pytest.mark.parametrize("fault", STORAGE_FAULTS)
    def test_a_document_is_created_by_us(
        self, store: DocumentStore, faults: Faults, container: str, fault: str
    ) -> None:
        faults.given(trouble(fault, "PutBlob", container))

        assert store.create("new", b"mine")

        assert store.read("new").content == b"mine"  # type: ignore[union-attr]
        assert faults.happened().count(fault) == 2

    @pytest.mark.parametrize(("fault", "operation"), [("answerLost", "PutBlockList"), ("cutUpload", "PutBlock")])
    def test_a_document_of_several_blocks_is_created_by_us(
        self, store: DocumentStore, faults: Faults, container: str, fault: str, operation: str
    ) -> None:
        content = bytes(range(256)) * (BLOCK_BYTES // 256) + b"end"
        faults.given(trouble(fault, operation, container))

        assert store.create("new", content)

        assert store.read("new").content == content  # type: ignore[union-attr]
        assert fault in faults.happened()

    @pytest.mark.parametrize("fault", STORAGE_FAULTS)
    def test_what_another_created_is_not_taken_for_ours(
        self, store: DocumentStore, faults: Faults, container: str, fault: str
    ) -> None:
        faults.given(trouble(fault, "PutBlob", container))

        assert not store.create("there", b"mine")

        assert store.read("there").content == b"1"  # type: ignore[union-attr]

    def test_without_a_failed_try_the_same_content_is_anothers(self, store: DocumentStore) -> None:
        assert not store.create("there", b"1")

    @pytest.mark.parametrize("fault", STORAGE_FAULTS)
    def test_a_document_is_replaced_by_us(
        self, store: DocumentStore, faults: Faults, container: str, fault: str
    ) -> None:
        before = store.read("there")
        assert before is not None
        faults.given(trouble(fault, "PutBlob", container))

        assert store.replace("there", b"2", {}, before.etag)

        assert store.read("there").content == b"2"  # type: ignore[union-attr]

    @pytest.mark.parametrize("fault", STORAGE_FAULTS)
    def test_what_another_replaced_is_not_written_over(
        self, store: DocumentStore, faults: Faults, container: str, fault: str
    ) -> None:
        before = store.read("there")
        assert before is not None
        store.put("there", b"others")
        faults.given(trouble(fault, "PutBlob", container))

        assert not store.replace("there", b"2", {}, before.etag)

        assert store.read("there").content == b"others"  # type: ignore[union-attr]

    @pytest.mark.parametrize("fault", STORAGE_FAULTS)
    def test_an_update_is_made_once(self, store: DocumentStore, faults: Faults, container: str, fault: str) -> None:
        faults.given(trouble(fault, "PutBlob", container))

        stored = store.update("there", lambda content: str(int(content or b"0") + 10).encode())

        assert stored == b"11"
        assert store.read("there").content == b"11"  # type: ignore[union-attr]

    @pytest.mark.parametrize("fault", STORAGE_FAULTS)
    def test_lines_are_appended_at_least_once_in_order(
        self, store: DocumentStore, faults: Faults, container: str, fault: str
    ) -> None:
        store.append("log", ["0"])
        faults.given(trouble(fault, "AppendBlock", container))

        store.append("log", ["1", "2"])
        store.append("log", ["3"])

        assert list(dict.fromkeys(store.read_lines("log"))) == ["0", "1", "2", "3"]

    @pytest.mark.parametrize(("operation", "fault"), [("GetBlob", "cutDownload"), ("GetBlob", "serverBusy")])
    def test_a_document_is_read_whole(
        self, store: DocumentStore, faults: Faults, container: str, operation: str, fault: str
    ) -> None:
        content = bytes(range(256)) * 100
        store.put("large", content)
        faults.given(trouble(fault, operation, container))

        assert store.read("large").content == content  # type: ignore[union-attr]

    @pytest.mark.parametrize("fault", ["cutDownload", "serverBusy", "connectionReset"])
    def test_a_list_is_complete(self, store: DocumentStore, faults: Faults, container: str, fault: str) -> None:
        faults.given(trouble(fault, "ListBlobs", container))

        assert [entry.path for entry in store.list()] == ["there"]

    @pytest.mark.parametrize("fault", STORAGE_FAULTS)
    def test_a_document_is_deleted_in_the_version_that_was_read(
        self, store: DocumentStore, faults: Faults, container: str, fault: str
    ) -> None:
        before = store.read("there")
        assert before is not None
        faults.given(trouble(fault, "DeleteBlob", container))

        assert store.delete("there", etag=before.etag)

        assert store.read("there") is None

    def test_a_429_is_tried_again_and_a_long_retry_is_not_needed(
        self, store: DocumentStore, faults: Faults, container: str
    ) -> None:
        faults.given(trouble("refused", "PutBlob", container, status=429, code="TooManyRequests", message="Slow."))

        store.put("there", b"2")

        assert store.read("there").content == b"2"  # type: ignore[union-attr]

    @pytest.mark.parametrize("fault", ["serverBusy", "internalError", "connectionReset"])
    def test_what_lasts_is_a_failure_that_can_be_tried_again(
        self, store: DocumentStore, faults: Faults, container: str, fault: str
    ) -> None:
        faults.given(trouble(fault, "PutBlob", container, attempts="1-"))

        with pytest.raises(FailureError) as caught:
            store.put("there", b"2")

        assert caught.value.failure.is_retried
        assert faults.happened().count(fault) == BRIEFLY.tries


class TestUploads:
    """Files in blocks, when storage fails for a moment."""

    LARGE = bytes(range(256)) * (2 * BLOCK_BYTES // 256) + b"end"

    @pytest.mark.parametrize(
        ("fault", "operation"),
        [
            ("cutUpload", "PutBlock"),
            ("serverBusy", "PutBlock"),
            ("answerLost", "PutBlock"),
            ("serverBusy", "PutBlockList"),
            ("answerLost", "PutBlockList"),
            ("connectionReset", "GetBlobProperties"),
        ],
    )
    def test_a_large_file_arrives_whole(
        self,
        storage: ArtifactStorage,
        store: DocumentStore,
        account: ArtifactAccount,
        faults: Faults,
        container: str,
        fault: str,
        operation: str,
    ) -> None:
        faults.given(trouble(fault, operation, container))

        storage.upload(account, container, "large.bin", io.BytesIO(self.LARGE), len(self.LARGE))

        assert fault in faults.happened()
        assert store.read("large.bin").content == self.LARGE  # type: ignore[union-attr]

    @pytest.mark.parametrize("fault", ["cutUpload", "serverBusy", "answerLost"])
    def test_a_small_file_arrives_whole(
        self,
        storage: ArtifactStorage,
        store: DocumentStore,
        account: ArtifactAccount,
        faults: Faults,
        container: str,
        fault: str,
    ) -> None:
        faults.given(trouble(fault, "PutBlob", container))

        storage.upload(account, container, "small.json", io.BytesIO(b"{}"), 2)

        assert store.read("small.json").content == b"{}"  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("fault", "operation"),
        [("cutDownload", "GetBlob"), ("serverBusy", "GetBlob"), ("connectionReset", "GetBlobProperties")],
    )
    def test_a_bundle_is_read_whole(
        self,
        settings: Settings,
        credential: TokenCredential,
        faults: Faults,
        fresh_name: Callable[[], str],
        fault: str,
        operation: str,
    ) -> None:
        bundles, name = BundleStorage(settings, credential), fresh_name()
        bundles.store(name, io.BytesIO(self.LARGE))
        faults.given(trouble(fault, operation, BUNDLES_CONTAINER))

        with bundles.open(BundleReference(id=name)) as bundle:
            content = bundle.read()

        assert content == self.LARGE
        assert fault in faults.happened()

    def test_a_key_to_sign_with_is_fetched_again(
        self, account: ArtifactAccount, credential: TokenCredential, faults: Faults
    ) -> None:
        match = {"operation": "GetUserDelegationKey"}
        faults.given({"service": "storage", "fault": "serverBusy", "match": match, "attempts": [1, 2]})

        sas = SasSigner(BlobEndpoint.of(account.blob_endpoint), credential).read_container("any")

        assert "sig=" in sas.token
        assert faults.happened() == ["serverBusy"] * 2
