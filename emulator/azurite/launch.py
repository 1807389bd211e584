"""Starts Azurite from node_modules and waits until it serves requests."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulator.azurite.accounts import HOST_ACCOUNT
from emulator.certificates import Certificates
from emulator.processes import Child, Supervisor
from emulator.readiness import answer

REPOSITORY = Path(__file__).resolve().parents[2]
AZURITE = REPOSITORY / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
PRELOADS = tuple(Path(__file__).with_name(name) for name in ("accounts.cjs", "challenges.cjs", "faults.cjs"))
LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (https://127\.0\.0\.1:\d+)")


class AzuriteMissingError(Exception):
    """Azurite, or Node to run it, is not installed."""


@dataclass(frozen=True)
class AzuriteEndpoints:
    """Where Azurite listens: `https://127.0.0.1:PORT`, to be followed by the account's name."""

    blob: str
    queue: str


def start_azurite(
    supervisor: Supervisor,
    *,
    data: Path,
    accounts_file: Path,
    certificates: Certificates,
    environment: Mapping[str, str],
    blob_port: int = 0,
    queue_port: int = 0,
) -> tuple[Child, AzuriteEndpoints]:
    """Start Azurite on 127.0.0.1 with its data in a folder; port 0 is any free one.

    Raises AzuriteMissingError, or ChildError when it ends or isn't ready in time.
    """
    data.mkdir(parents=True, exist_ok=True)
    child = supervisor.start(
        "azurite",
        azurite_command(data=data, certificates=certificates, blob_port=blob_port, queue_port=queue_port),
        environment={**environment, "AZURITE_ACCOUNTS_FILE": str(accounts_file)},
        is_redacted=True,
    )
    child.wait_until(lambda: len(_listening(child)) == 3)
    services = _listening(child)
    endpoints = AzuriteEndpoints(blob=services["Blob"], queue=services["Queue"])
    child.wait_until(lambda: _serves(f"{endpoints.blob}/{HOST_ACCOUNT}", certificates))
    child.wait_until(lambda: _serves(f"{endpoints.queue}/{HOST_ACCOUNT}", certificates))
    return child, endpoints


def azurite_command(*, data: Path, certificates: Certificates, blob_port: int, queue_port: int) -> list[str]:
    """Azurite's command line. The table service can't be left out of it; it gets any free port and is not used.

    Raises AzuriteMissingError.
    """
    node = shutil.which("node")
    if node is None:
        raise AzuriteMissingError("Node.js (20 or later) is not installed, and Azurite runs on it.")
    if not AZURITE.is_file():
        raise AzuriteMissingError(f"Azurite is not installed in {REPOSITORY / 'node_modules'}: run `make setup`.")
    command = [node, *(part for preload in PRELOADS for part in ("-r", str(preload)))]
    command += [str(AZURITE), "--location", str(data)]
    for service, port in (("blob", blob_port), ("queue", queue_port), ("table", 0)):
        command += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
    command += ["--oauth", "basic", "--cert", str(certificates.server), "--key", str(certificates.server_key)]
    return [*command, "--disableTelemetry", "--skipApiVersionCheck", "--loose"]


def _listening(child: Child) -> dict[str, str]:
    return dict(LISTENING.findall(child.output()))


def _serves(address: str, certificates: Certificates) -> bool:
    """Whether the service answers: an anonymous list is refused with one of its request ids."""
    response = answer(f"{address}?comp=list", trust=certificates.trust_bundle)
    return response is not None and "x-ms-request-id" in response.headers
