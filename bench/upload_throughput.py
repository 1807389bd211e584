"""Our upload against the bare SDK's loop at the same concurrency: many small files, few large ones, one JSON line.

    python -m bench.upload_throughput [--rounds 3]

Both write the same files to Azurite over TLS with the same identity, `CONCURRENCY` files and, within a large file,
`BLOCKS_IN_FLIGHT` blocks at once. Rounds take turns, since Azurite slows down with every blob that it holds and other
work on the machine comes and goes; the ratio is the median of each round's. Ours also verifies checksums and never
overwrites; the bare loop does neither.
"""

import argparse
import hashlib
import io
import json
import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobServiceClient

from armature.azure.artifacts import ArtifactAccount, ArtifactStorage
from armature.azure.identity import credential
from armature.azure.uploads import BLOCKS_IN_FLIGHT
from armature.clouds import cloud_of
from armature.settings import Settings
from emulator.foundation import Foundation
from emulator.processes import Supervisor
from tests.running import environment_of

CONCURRENCY = 5
KILOBYTE, MEGABYTE = 1024, 1024**2


@dataclass(frozen=True)
class Sample:
    """Files of one size: `count` of them a round."""

    name: str
    content: bytes
    count: int
    rounds: int

    @property
    def sha256(self) -> str:
        """Of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


Upload = Callable[[str, str, bytes], None]
"""Writes (container, name, content)."""


def measured(rounds: int) -> dict[str, object]:
    """Start Azurite and the identity endpoint, and let both loops take turns."""
    source = random.Random(1)
    samples = (
        Sample("small", source.randbytes(16 * KILOBYTE), count=60, rounds=6 * rounds),
        Sample("large", source.randbytes(100 * MEGABYTE), count=4, rounds=rounds),
    )
    with tempfile.TemporaryDirectory() as folder:
        supervisor = Supervisor(Path(folder) / "logs")
        foundation = Foundation(state=Path(folder), supervisor=supervisor)
        try:
            foundation.start()
            with environment_of(foundation.settings):
                settings = Settings()
                identity = credential(settings, cloud_of(settings))
                found = {sample.name: _compare(sample, settings, identity) for sample in samples}
        finally:
            supervisor.stop()
    return {"bench": "upload_throughput", "concurrency": CONCURRENCY, **found}


def _compare(sample: Sample, settings: Settings, identity: TokenCredential) -> dict[str, object]:
    loops = {"bare": _bare(settings, identity), "ours": _ours(settings, identity, sample.sha256)}
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for number in range(sample.rounds):
        for name in sorted(loops, reverse=number % 2 == 1):
            rates[name].append(_rate(sample, loops[name], f"{sample.name}-{name}-{number}"))
    return {
        "files": sample.count,
        "rounds": sample.rounds,
        "kilobytesEach": len(sample.content) // KILOBYTE,
        "bareMbPerSecond": round(median(rates["bare"]), 2),
        "oursMbPerSecond": round(median(rates["ours"]), 2),
        "ratio": round(median(ours / bare for bare, ours in zip(rates["bare"], rates["ours"], strict=True)), 3),
    }


def _rate(sample: Sample, upload: Upload, container: str) -> float:
    upload(container, "first", b"makes the container")
    began = time.monotonic()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(lambda number: upload(container, f"file-{number}", sample.content), range(sample.count)))
    return sample.count * len(sample.content) / MEGABYTE / (time.monotonic() - began)


def _bare(settings: Settings, identity: TokenCredential) -> Upload:
    service = BlobServiceClient(settings.storage_blob_endpoint, credential=identity)
    containers: set[str] = set()

    def upload(container: str, name: str, content: bytes) -> None:
        if container not in containers:
            service.create_container(container)
            containers.add(container)
        blob = service.get_blob_client(container, name)
        stream = io.BytesIO(content)
        blob.upload_blob(stream, length=len(content), overwrite=True, max_concurrency=BLOCKS_IN_FLIGHT)

    return upload


def _ours(settings: Settings, identity: TokenCredential, sha256: str) -> Upload:
    storage = ArtifactStorage(cloud_of(settings), identity)
    account = ArtifactAccount(name="bench", resource_id="", blob_endpoint=settings.storage_blob_endpoint, is_ready=True)

    def upload(container: str, name: str, content: bytes) -> None:
        checksum = sha256 if name.startswith("file-") else None
        result = storage.upload(account, container, name, io.BytesIO(content), len(content), checksum)
        assert result.bytes_written == len(content)

    return upload


def main() -> None:
    """Read the command line, print the line."""
    parser = argparse.ArgumentParser(prog="python -m bench.upload_throughput", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    print(json.dumps(measured(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
