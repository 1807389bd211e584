"""The app's identity and storage for the gateways' tests: real Azurite, real tokens, real TLS."""

import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import TokenCredential

from armature.azure import identity
from armature.azure.arm import ArmGateway, access
from armature.azure.artifacts import ArtifactAccount
from armature.clouds import CLOUDS, Cloud, cloud_of
from armature.settings import Settings
from emulator.faults.folder import FaultFolder
from emulator.faults.model import FaultFile, read_rule
from emulator.foundation import emulator_environment
from emulator.processes import Supervisor, free_port
from emulator.readiness import answer
from tests.armature.azure.canned import AnyToken, CannedAdapter, CannedArm
from tests.running import RunningAzurite

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


@pytest.fixture(scope="module")
def settings(azurite: RunningAzurite) -> Iterator[Settings]:
    """The app's settings, with its environment in place for the tests of a module: other folders have another."""
    with azurite.use_environment():
        yield Settings()


@pytest.fixture(scope="module")
def cloud(settings: Settings) -> Cloud:
    return cloud_of(settings)


@pytest.fixture(scope="module")
def credential(settings: Settings, cloud: Cloud) -> Iterator[TokenCredential]:
    """The app's credential, made in this environment: another's identity is not known to this ARM."""
    identity._credential.cache_clear()
    yield identity.credential(settings, cloud)
    identity._credential.cache_clear()


@pytest.fixture(scope="module")
def account(settings: Settings) -> ArtifactAccount:
    """An account as ARM would tell it: Azurite's address ends in a slash, as a real account's does."""
    endpoint = f"{settings.storage_blob_endpoint}/"
    return ArtifactAccount(name="armatureapp", resource_id="/x", blob_endpoint=endpoint, is_ready=True)


@pytest.fixture
def fresh_name() -> Callable[[], str]:
    """Names of containers that no other test uses."""
    return lambda: f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def arm_url(azurite: RunningAzurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The emulated ARM beside Azurite, where provisioning takes a hundredth of its time."""
    foundation = azurite.foundation
    certificates, port = foundation.certificates, free_port()
    command = [sys.executable, "-m", "emulator.arm", "--port", str(port), "--scale", "0.01"]
    command += ["--certificate", str(certificates.server), "--private-key", str(certificates.server_key)]
    command += ["--ca", str(certificates.authority), "--token-key", str(certificates.token_public_key)]
    command += ["--accounts", str(foundation.accounts_file), "--blob-endpoint", foundation.storage.blob]
    supervisor = Supervisor(tmp_path_factory.mktemp("arm-logs"))
    url = f"https://127.0.0.1:{port}"
    ready = f"{url}/metadata/endpoints?api-version=2022-09-01"
    try:
        environment = {**emulator_environment(), **foundation.fault_environment}
        child = supervisor.start("arm", command, environment=environment)
        child.wait_until(lambda: answer(ready, trust=certificates.trust_bundle) is not None)
        yield url
    finally:
        supervisor.stop()


@pytest.fixture
def arm(arm_url: str, cloud: Cloud, credential: TokenCredential) -> ArmGateway:
    return ArmGateway(cloud.model_copy(update={"resource_manager": arm_url}), credential, SUBSCRIPTION)


class Faults:
    """The faults of ARM, storage and identity: which are to happen, and which happened."""

    def __init__(self, folder: FaultFolder) -> None:
        self._folder = folder

    def given(self, *rules: dict[str, Any]) -> None:
        """Put these rules in place, for example `{"service": "arm", "fault": "stuck", "match": {"name": "x"}}`."""
        complete = [read_rule({"id": f"rule-{index}", **rule}) for index, rule in enumerate(rules)]
        self._folder.load(FaultFile(seed=1, rules=tuple(complete)))
        self._before = len(self._folder.happened())

    def happened(self) -> list[str]:
        """The faults that happened since the rules were put in place, oldest first."""
        return [str(entry["fault"]) for entry in self._folder.happened()[self._before :]]


@pytest.fixture
def faults(azurite: RunningAzurite) -> Iterator[Faults]:
    folder = FaultFolder(azurite.foundation.state)
    yield Faults(folder)
    folder.clear()


@pytest.fixture
def canned_arm(monkeypatch: pytest.MonkeyPatch) -> CannedArm:
    """A gateway to an ARM that answers what the test says, and what was asked of it."""

    def make(answers: dict[tuple[str, str], Any]) -> tuple[ArmGateway, CannedAdapter]:
        adapter = CannedAdapter({(method, path.lower()): answer for (method, path), answer in answers.items()})
        monkeypatch.setattr(access, "shared_transport", adapter.transport)
        return ArmGateway(CLOUDS["AzureUSGovernment"], AnyToken(), SUBSCRIPTION), adapter

    return make
