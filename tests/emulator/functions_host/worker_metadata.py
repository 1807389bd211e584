"""What the Python worker tells the host of an app's functions, made from azure.functions as its loader makes it.

Source: azure_functions_worker/loader.py, process_indexed_function and build_binding_protos.
"""

import json
from collections.abc import Iterable
from typing import Any

import azure.functions as func

from emulator.functions_host.indexing import Binding, HostFunction, raw_binding


def told_by_the_worker(app: func.FunctionApp) -> dict[str, Any]:
    """Name, bindings (type, direction, data type) and raw bindings of each function: its RpcFunctionMetadata."""
    app.functions_bindings = {}  # the names listed so far: an app lists its functions once, and the host has had it
    return {
        function.get_function_name(): {
            "bindings": {b.name: (b.type, int(b.direction), b.data_type) for b in function.get_bindings()},
            "raw": sorted(_in_order(json.loads(raw)) for raw in function.get_raw_bindings()),
        }
        for function in app.get_functions()
    }


def known_to_the_host(functions: Iterable[HostFunction]) -> dict[str, Any]:
    """The same of what the host has indexed."""
    described = {}
    for function in functions:
        bindings = (function.trigger, *function.inputs, *function.outputs)
        described[function.name] = {
            "bindings": {b.name: (b.type, int(b.is_output), _data_type(b)) for b in bindings},
            "raw": sorted(_in_order(json.loads(raw_binding(b))) for b in bindings),
        }
    return described


def _data_type(binding: Binding) -> int | None:
    data_type = binding.properties.get("dataType")
    return None if data_type is None else int(data_type.value)


def _in_order(document: object) -> str:
    return json.dumps(document, sort_keys=True)
