"""Where a transient fault can happen to a deployment: from the record of one that met none.

A site is a service, what it is asked for, of which thing, the how manieth time, and what then goes wrong. The record is
made by rules that let each request wait for no time: they change nothing, and the journal of faults tells them all.
What is another one in each deployment (its id, its bundle, its package, its lineage) is written as a mark in the site.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.faults.operations import ARM_REQUESTS, ARM_WRITES, STORAGE_REQUESTS, STORAGE_WRITES

RECORDERS: tuple[dict[str, Any], ...] = (
    {
        "id": "record-arm",
        "service": "arm",
        "fault": "slow",
        "match": {"operation": list(ARM_REQUESTS)},
        "parameters": {"delaySeconds": 0},
    },
    {
        "id": "record-storage",
        "service": "storage",
        "fault": "slow",
        "match": {"operation": list(STORAGE_REQUESTS), "caller": ["app", "arm"]},
        "parameters": {"delaySeconds": 0},
    },
)

Kind = tuple[str, Mapping[str, Any]]

_ARM_KINDS: tuple[Kind, ...] = (
    ("serverError", {"status": 500}),
    ("serverError", {"status": 502, "body": "html"}),
    ("serverError", {"status": 503, "body": "empty"}),
    ("serverError", {"status": 504}),
    ("throttled", {"retryAfterSeconds": 1}),
    ("connectionReset", {}),
)
_STORAGE_KINDS: tuple[Kind, ...] = (
    ("serverBusy", {}),
    ("internalError", {}),
    ("connectionReset", {}),
)
_LOST: Kind = ("answerLost", {})
_CUTS: dict[str, Kind] = {"GetBlob": ("cutDownload", {"afterBytes": 8}), "PutBlob": ("cutUpload", {})}
_CREATION_KINDS: tuple[Kind, ...] = (
    ("resourceThrottled", {}),
    ("conflict", {}),
    ("provisioningFailure", {"status": 500, "code": "InternalServerError", "shape": "nested"}),
)


@dataclass(frozen=True)
class Site:
    """One place where a fault can happen. `path` holds marks, `<name>`, for what differs between deployments."""

    service: str
    operation: str
    path: str
    nth: int
    caller: str
    fault: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    resource: str = ""

    @property
    def is_shared(self) -> bool:
        """True when other deployments ask for the same thing: then it can't be told whom the fault would meet."""
        return not re.search(r"<(project|bundle|package|lineage)>", self.path + self.resource)

    def rule(self, id_: str, marks: Mapping[str, str]) -> dict[str, Any]:
        """The rule by which the fault happens there once, to the deployment with these marks."""
        match: dict[str, Any] = {"operation": self.operation}
        if self.resource:
            match["name"] = _filled(self.resource, marks)
        else:
            match["path"] = _filled(self.path, marks)
        if self.service == "storage":
            match["caller"] = self.caller
        return {
            "id": id_,
            "service": self.service,
            "fault": self.fault,
            "match": match,
            "attempts": [self.nth],
            "times": 1,
            "parameters": dict(self.parameters),
        }

    def __str__(self) -> str:
        where = self.resource or self.path
        status = self.parameters.get("status", "")
        return f"{self.service} {self.operation} {where} #{self.nth} {self.fault}{status and f' {status}'}"


def sites_of(
    happened: Iterable[Mapping[str, Any]], marks: Mapping[str, str], resources: Iterable[str] = ()
) -> list[Site]:
    """Every site of a recorded deployment whose marks were these; `resources` are the names of what it makes."""
    places: dict[tuple[str, str, str, int, str], None] = {}
    for entry in happened:
        occasion = entry["occasion"]
        path = _marked(occasion["path"], marks)
        place = (entry["service"], occasion["operation"], path, entry["attempt"], occasion.get("caller", ""))
        places[place] = None
    found = [
        Site(service, operation, path, nth, caller, fault, parameters)
        for service, operation, path, nth, caller in places
        for fault, parameters in _kinds(service, operation, caller)
    ]
    found += [
        Site("arm", "CreateResource", "", 1, "", fault, parameters, resource=_marked(name, marks))
        for name in resources
        for fault, parameters in _CREATION_KINDS
    ]
    return found


def chosen(sites: Iterable[Site], count: int, seed: int) -> list[Site]:
    """`count` different sites, every kind of request as often as any other as far as there are enough of it.

    Fewer when there are not as many. The same seed chooses the same of the same sites, in whatever order they come.
    """
    dice = random.Random(seed)
    by_kind: dict[tuple[str, str], list[Site]] = {}
    for site in sorted(set(sites), key=str):
        by_kind.setdefault((site.service, site.operation), []).append(site)
    for group in by_kind.values():
        dice.shuffle(group)
    taken: list[Site] = []
    while len(taken) < count and any(by_kind.values()):
        taken += [group.pop() for group in by_kind.values() if group]
    return taken[:count]


def _kinds(service: str, operation: str, caller: str) -> Iterator[Kind]:
    """The faults that pass, of a request."""
    if service == "arm":
        yield from _ARM_KINDS
        if operation in ARM_WRITES:
            yield _LOST
        return
    yield from _STORAGE_KINDS
    if operation in STORAGE_WRITES:
        yield _LOST
    if cut := _CUTS.get(operation):
        yield cut
    if caller == "arm":
        yield ("sasExpired", {})


def _marked(text: str, marks: Mapping[str, str]) -> str:
    for name, value in sorted(marks.items(), key=lambda one: -len(one[1])):
        text = re.sub(re.escape(value), f"<{name}>", text, flags=re.IGNORECASE)
    return text


def _filled(text: str, marks: Mapping[str, str]) -> str:
    for name, value in marks.items():
        text = text.replace(f"<{name}>", value)
    return text
