"""Resource Manager as a process of the stack: its command line, and when it serves."""

import sys
from collections.abc import Sequence
from http import HTTPStatus

from emulator.foundation import Foundation
from emulator.readiness import answer

READY_PATH = "/metadata/endpoints?api-version=2022-09-01"


def arm_command(foundation: Foundation, port: int, *, scale: float, subscriptions: Sequence[str]) -> list[str]:
    """The command that starts it on a port of 127.0.0.1, on what has been started before it."""
    certificates, state = foundation.certificates, foundation.state
    command = [sys.executable, "-m", "emulator.arm", "--port", str(port), "--scale", str(scale)]
    command += ["--certificate", str(certificates.server), "--private-key", str(certificates.server_key)]
    command += ["--ca", str(certificates.authority), "--token-key", str(certificates.token_public_key)]
    command += ["--accounts", str(foundation.accounts_file), "--blob-endpoint", foundation.storage.blob]
    command += ["--cloud", foundation.cloud.name, "--tenant", foundation.tenant, "--principal", foundation.principal]
    command += ["--database", str(state / "arm.sqlite")]
    command += [argument for subscription in subscriptions for argument in ("--subscription", subscription)]
    return [*command, "--log", str(foundation.supervisor.logs / "arm-requests.log")]


def serves(foundation: Foundation, port: int) -> bool:
    """Whether it answers on that port, with a certificate that is trusted."""
    response = answer(f"https://127.0.0.1:{port}{READY_PATH}", trust=foundation.certificates.trust_bundle)
    return response is not None and response.status_code == HTTPStatus.OK
