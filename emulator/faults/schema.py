"""The JSON schema of a file of faults: each fault with its own parameters, operations and what it can match."""

from typing import Any

from emulator.faults.catalogue import FAULTS
from emulator.faults.catalogue.kind import FaultKind
from emulator.faults.model import FaultFile
from emulator.faults.operations import MATCHED


def fault_file_schema() -> dict[str, Any]:
    """A schema (draft 2020-12) that takes what `read_faults` takes, but for globs of operations."""
    schema = FaultFile.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    definitions["FaultRule"]["oneOf"] = [_variant(kind) for kind in FAULTS.values()]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _variant(kind: FaultKind) -> dict[str, Any]:
    parameters = kind.parameters.model_json_schema(by_alias=True)
    return {
        "title": f"{kind.service}: {kind.name}",
        "description": kind.what,
        "properties": {
            "service": {"const": kind.service},
            "fault": {"const": kind.name},
            "match": {"propertyNames": {"enum": list(MATCHED[kind.service])}},
            "parameters": parameters,
        },
    }
