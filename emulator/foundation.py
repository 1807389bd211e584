"""What an app stands on: certificates, Azurite and the identity endpoint, and the settings that they make."""

import os
import secrets
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from emulator import witness
from emulator.azurite.accounts import APP_ACCOUNT, HOST_ACCOUNT, HOST_ACCOUNT_KEY, connection_string, ensure_accounts
from emulator.azurite.launch import AzuriteEndpoints, start_azurite
from emulator.certificates import Certificates, ensure_certificates
from emulator.clouds import PUBLIC, Cloud
from emulator.faults.plan import VARIABLE as FAULTS_VARIABLE
from emulator.private_files import write_for_owner
from emulator.processes import Child, Supervisor, free_port
from emulator.readiness import answer

TENANT = "00000000-0000-0000-0000-000000000002"
PRINCIPAL = "00000000-0000-0000-0000-000000000003"

FOREIGN_SETTINGS = ("ARMATURE_", "AZURE_", "AZUREWEBJOBS", "AZURITE_", "FUNCTIONS_", "IDENTITY_", "MSI_")
"""Settings of this machine that must not reach the app: another identity, another cloud."""


@dataclass
class Foundation:
    """Azurite and the identity endpoint with their files in a state folder. Started once; stopped with its supervisor.

    Ports: 0 is any free one. After `start`, `storage` tells where Azurite listens and `settings` is what the app needs.
    """

    state: Path
    supervisor: Supervisor
    tenant: str = TENANT
    principal: str = PRINCIPAL
    blob_port: int = 0
    queue_port: int = 0
    identity_port: int = 0
    witness: Path | None = None
    cloud: Cloud = PUBLIC
    certificates: Certificates = field(init=False)
    storage: AzuriteEndpoints = field(init=False)
    settings: dict[str, str] = field(init=False)

    @property
    def accounts_file(self) -> Path:
        """The storage accounts that exist, which ARM adds to."""
        return self.state / "accounts.json"

    @property
    def header_file(self) -> Path:
        """The secret of the identity endpoint, for clients beside the app: mode 600, gone when the stack stops."""
        return self.state / "identity-header"

    @property
    def service_environment(self) -> dict[str, str]:
        """The environment of identity and of ARM."""
        watched = {} if self.witness is None else {witness.VARIABLE: str(self.witness)}
        return {**emulator_environment(), **self.fault_environment, **watched}

    @property
    def fault_environment(self) -> dict[str, str]:
        """What tells each part of the emulator where the rules for its faults are."""
        return {FAULTS_VARIABLE: str(self.state)}

    def start(self) -> None:
        """Make the certificates, start both, return when both serve. Raises ChildError or AzuriteMissingError."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.certificates = ensure_certificates(self.state / "certificates")
        ensure_accounts(self.accounts_file)
        header = secrets.token_hex(32)
        write_for_owner(self.header_file, header)
        port = self.identity_port or free_port()
        identity = self._start_identity(port)
        _, self.storage = start_azurite(
            self.supervisor,
            data=self.state / "azurite",
            accounts_file=self.accounts_file,
            certificates=self.certificates,
            environment={**machine_environment(), **self.fault_environment},
            blob_port=self.blob_port,
            queue_port=self.queue_port,
        )
        endpoint = f"http://127.0.0.1:{port}/msi/token"
        identity.wait_until(lambda: _refuses_strangers(endpoint))
        self.settings = self._settings(endpoint, header)

    def _start_identity(self, port: int) -> Child:
        command = [sys.executable, "-m", "emulator.identity", "--port", str(port)]
        command += ["--cloud", self.cloud.name, "--tenant", self.tenant, "--principal", self.principal]
        command += ["--header-file", str(self.header_file)]
        command += ["--private-key", str(self.certificates.token_key)]
        return self.supervisor.start("identity", command, environment=self.service_environment)

    def _settings(self, identity_endpoint: str, header: str) -> dict[str, str]:
        trust = str(self.certificates.trust_bundle)
        return {
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "AZURE_CLOUD": self.cloud.name,
            "AzureWebJobsStorage": connection_string(
                HOST_ACCOUNT, HOST_ACCOUNT_KEY, blob_endpoint=self.storage.blob, queue_endpoint=self.storage.queue
            ),
            "ARMATURE_STORAGE_BLOB_ENDPOINT": f"{self.storage.blob}/{APP_ACCOUNT}",
            "IDENTITY_ENDPOINT": identity_endpoint,
            "IDENTITY_HEADER": header,
            "REQUESTS_CA_BUNDLE": trust,
            "SSL_CERT_FILE": trust,
        }


def machine_environment() -> dict[str, str]:
    """This process's environment without settings of other apps, and with no proxy between local addresses."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(FOREIGN_SETTINGS)}
    return {**inherited, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def emulator_environment() -> dict[str, str]:
    """The environment of a part of the emulator that is written in Python: it finds the package from any folder."""
    root = str(Path(__file__).resolve().parents[1])
    return {**machine_environment(), "PYTHONPATH": root, "PYTHONUNBUFFERED": "1"}


def _refuses_strangers(endpoint: str) -> bool:
    response = answer(endpoint)
    return response is not None and response.status_code == HTTPStatus.UNAUTHORIZED
