"""What the services themselves wrote down: ARM's request log and storage's access log, counted."""

import json
import re
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any

_ACCESS = re.compile(r'"(?P<method>[A-Z]+) (?P<path>[^? ]+)(?:\?(?P<query>\S*))? HTTP/[\d.]+" (?P<status>\d{3})')
_LOGGED = ("logs/arm-requests.log", "logs/azurite.log")


def arm_requests(state: Path) -> list[dict[str, Any]]:
    """ARM's request log: method, path, status, and for a deployment that was put its name and tags."""
    return [json.loads(line) for line in (state / _LOGGED[0]).read_text().splitlines() if line.strip()]


def arm_writes(state: Path) -> list[dict[str, Any]]:
    """The requests that change something in ARM, whether they were granted or not."""
    return [request for request in arm_requests(state) if request["method"] in ("PUT", "PATCH", "DELETE", "POST")]


def accepted_attempts(state: Path) -> Counter[tuple[str, str]]:
    """How often ARM took a deployment, by name and attempt."""
    return Counter(
        (request["name"], request["tags"]["armature-attempt"])
        for request in arm_requests(state)
        if request["method"] == "PUT"
        and request["status"] in (200, 201)
        and "armature-attempt" in (request.get("tags") or {})
    )


def blobs_written(state: Path) -> Counter[str]:
    """How often storage committed each blob below the artifact containers."""
    written: Counter[str] = Counter()
    for line in (state / _LOGGED[1]).read_text(errors="replace").splitlines():
        found = _ACCESS.search(line)
        if found is None or found["method"] != "PUT" or found["status"] != "201":
            continue
        query = found["query"] or ""
        is_commit = "comp=" not in query or "comp=blocklist" in query
        if is_commit and "restype=" not in query and re.search(r"/(templates-[^/]+|packages)/", found["path"]):
            written[found["path"]] += 1
    return written


def tokens_asked_for(state: Path) -> set[str]:
    """The resources that the identity endpoint was asked for tokens of."""
    lines = (state / "logs" / "identity.log").read_text().splitlines()
    requests = [json.loads(line) for line in lines if line.startswith("{")]
    return {request["resource"] for request in requests if request["status"] == HTTPStatus.OK}
