"""`/emulator/faults`: looks at, adds and clears the faults of the whole emulator. Needs no token; is on 127.0.0.1 only.

GET the rules; PUT a file of rules in place of them; POST one rule; DELETE all, or one by its id.
GET /emulator/faults/happened answers what has happened; /emulator/faults/catalogue what could.
"""

import json
from pathlib import Path
from typing import Any

from aiohttp import web

from emulator.arm.answers import Handler
from emulator.faults.catalogue import FAULTS
from emulator.faults.folder import FaultFolder
from emulator.faults.model import FaultFileError, FaultProblem, read_faults, read_rule

PATH = "/emulator/faults"


def admin_middleware(state: Path) -> Any:
    """A middleware that answers below PATH, outside of what ARM answers, and lets all else through."""
    folder = FaultFolder(state)

    @web.middleware
    async def administer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != PATH and not request.path.startswith(f"{PATH}/"):
            return await handler(request)
        try:
            return await _answer(request, folder, request.path.removeprefix(PATH).strip("/"))
        except FaultFileError as error:
            return web.json_response({"problems": [vars(problem) for problem in error.problems]}, status=400)

    return administer


async def _answer(request: web.Request, folder: FaultFolder, rest: str) -> web.Response:
    match request.method, rest:
        case "GET", "":
            return web.json_response(folder.read().document())
        case "GET", "happened":
            return web.json_response({"value": folder.happened()})
        case "GET", "catalogue":
            return web.json_response({"value": [kind.document() for kind in FAULTS.values()]})
        case "PUT", "":
            folder.load(read_faults(await _document(request)))
        case "POST", "":
            folder.add(read_rule(await _document(request)))
        case "DELETE", "":
            folder.clear()
        case "DELETE", rule_id:
            if not folder.remove(rule_id):
                problem = FaultProblem("id", f"There is no rule '{rule_id}'.", "GET tells which rules there are.")
                return web.json_response({"problems": [vars(problem)]}, status=404)
        case _:
            return web.Response(status=405, headers={"Allow": "GET, PUT, POST, DELETE"})
    return web.json_response(folder.read().document())


async def _document(request: web.Request) -> Any:
    try:
        return await request.json()
    except json.JSONDecodeError as error:
        raise FaultFileError(
            [FaultProblem("the body", f"It is not JSON: {error}.", "Send a JSON document.")]
        ) from error
