"""How large a deployment may become once its loops are unrolled and its expressions have values.

Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-job-size-exceeded (read 2025-11):
a resource's definition and the whole job may each have 1 MB, after compression. The page gives neither the way of
compression (here: zlib) nor the words (here: our own).
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from emulator.arm.engine.bodies import declared_properties
from emulator.arm.engine.instance import Instance
from emulator.arm.errors import ArmError

MAX_RESOURCE_BYTES = 1024 * 1024
MAX_JOB_BYTES = 1024 * 1024
_HELP = "Please see https://aka.ms/arm-template-job-size-exceeded for usage details."


class JobSize:
    """Counts what one deployment's job holds: its parameters, and its resources as they are added."""

    def __init__(self, deployment: str, parameters: Mapping[str, Any]) -> None:
        self._deployment = deployment
        self._plain, self._packed = 0, 0
        self._compressor = zlib.compressobj()
        self._count(_json(parameters))

    def add(self, instance: Instance, body: Mapping[str, Any]) -> None:
        """Count a resource, `body` being as much of it as can be told, and a template inside of it.

        Raises `ArmError` (400 JobSizeExceeded) when the resource or the job becomes too large.
        """
        text = _json([str(instance.id), body, declared_properties(instance.declaration).get("template")])
        if len(text) > MAX_RESOURCE_BYTES and (size := len(zlib.compress(text))) > MAX_RESOURCE_BYTES:
            raise _too_large(f"The definition of the resource '{instance.id}'", size, MAX_RESOURCE_BYTES)
        self._count(text)
        if self._plain > MAX_JOB_BYTES and self._packed > MAX_JOB_BYTES:
            raise _too_large(f"The job of the deployment '{self._deployment}'", self._packed, MAX_JOB_BYTES)

    def _count(self, text: bytes) -> None:
        self._plain += len(text)
        self._packed += len(self._compressor.compress(text))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), default=dict).encode()


def _too_large(what: str, size: int, limit: int) -> ArmError:
    message = f"{what} has a size of '{size}' bytes after compression, which exceeds the limit of '{limit}'. {_HELP}"
    return ArmError(400, "JobSizeExceeded", message)
