"""The process as the stack starts it."""

import signal
import ssl
import subprocess
import urllib.request
from pathlib import Path

from emulator.certificates import Certificates
from tests.emulator.arm.running import arm_command
from tests.running import ROOT


def test_the_process_serves_on_the_port_it_prints_and_ends_on_a_signal(
    certificates: Certificates, tmp_path: Path
) -> None:
    command = arm_command(certificates, tmp_path)

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        trust = ssl.create_default_context(cafile=certificates.authority)
        with urllib.request.urlopen(f"{address}/metadata/endpoints?api-version=2022-09-01", context=trust) as response:
            status = response.status
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=20)

    assert (status, code) == (200, 0)
    assert '"path": "/metadata/endpoints"' in (tmp_path / "requests.log").read_text()
