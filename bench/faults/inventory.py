"""What ARM holds, from its own inventory: snapshots to compare, when deployments ran, what is still under way."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from emulator.running import RunningEmulator

DEPLOYMENT_TAG = "armature-deployment-id"
ATTEMPT_TAG = "armature-attempt"
UNFINISHED = frozenset({"Accepted", "Running", "Canceling"})
VOLATILE = frozenset(
    {"etag", "modifieddate", "lastmodified", "lastmodifiedtime", "changedtime", "updatedat", "lastskuupdate"}
)
"""What a resource shows anew after each write, even of the same content; compared without regard to case."""

MAX_TOLD = 400  # characters of one difference


@dataclass(frozen=True)
class Inventory:
    """All that ARM holds of one resource group, or of all of them."""

    groups: tuple[dict[str, Any], ...]
    resources: tuple[dict[str, Any], ...]
    deployments: tuple[dict[str, Any], ...]

    def snapshot(self) -> "Snapshot":
        """What must be the same again after a rollback."""
        groups = {group["id"].lower(): _stable(group) for group in self.groups}
        resources = {
            each["document"]["id"].lower(): {"made": each["created"], **_stable(each["document"])}
            for each in self.resources
        }
        return Snapshot({**groups, **resources})

    def under_way(self) -> list[str]:
        """What has not ended: runs, linked ones too, and single operations of runs that were cancelled."""
        runs = [each["id"] for each in self.deployments if each["provisioningState"] in UNFINISHED]
        return runs + [target for each in self.deployments for target in each["underWay"]]

    def owned_by(self, deployment_id: str) -> list[dict[str, Any]]:
        """The runs that one of our deployments put itself."""
        return [each for each in self.deployments if each["tags"].get(DEPLOYMENT_TAG) == deployment_id]

    def interval(self, deployment_id: str) -> tuple[datetime, datetime] | None:
        """From when to when ARM worked for one of our deployments; None when it never did."""
        owned = self.owned_by(deployment_id)
        if not owned:
            return None
        return min(_moment(each["started"]) for each in owned), max(_moment(each["changed"]) for each in owned)


@dataclass(frozen=True)
class Snapshot:
    """Every resource and group by id, with when it was made and what it is."""

    things: Mapping[str, Mapping[str, Any]]

    def differences(self, later: "Snapshot") -> list[str]:
        """What is not as it was, a sentence each; none when nothing changed."""
        told = [f"lost: {id_}" for id_ in self.things if id_ not in later.things]
        told += [f"added: {id_}" for id_ in later.things if id_ not in self.things]
        for id_, thing in self.things.items():
            other = later.things.get(id_)
            if other is not None and other != thing:
                told.append(f"changed: {id_}: {'; '.join(_different(thing, other))}"[:MAX_TOLD])
        return told


def _different(was: Any, now: Any, where: str = "") -> Iterator[str]:
    """The places in which two documents differ, with what stood there and what stands there."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for name in {**was, **now}:
            yield from _different(was.get(name), now.get(name), f"{where}.{name}".lstrip("."))
    elif was != now:
        yield f"{where} was {json.dumps(was)}, is {json.dumps(now)}"


def _stable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _stable(one) for key, one in value.items() if key.lower() not in VOLATILE}
    return [_stable(one) for one in value] if isinstance(value, list) else value


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class ArmClient:
    """ARM of a running stack, beside the app: reads the inventory, sets the scene."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self._emulator = emulator
        self._session = requests.Session()
        self._session.verify = str(emulator.trust)
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {emulator.token()}"

    def inventory(self, group: str = "") -> Inventory:
        """All that ARM holds of a resource group, or of all."""
        told = self.ask("GET", "/emulator/inventory", params={"group": group} if group else {}).json()
        return Inventory(tuple(told["groups"]), tuple(told["resources"]), tuple(told["deployments"]))

    def ask(self, method: str, path: str, *, version: str = "2021-04-01", **content: Any) -> requests.Response:
        """One request; raises requests.HTTPError when it is refused."""
        parameters = {"api-version": version, **content.pop("params", {})}
        answer = self._session.request(method, f"{self._emulator.arm}{path}", params=parameters, timeout=60, **content)
        answer.raise_for_status()
        return answer


def overlapping(intervals: Iterable[tuple[str, tuple[datetime, datetime]]]) -> list[str]:
    """The pairs of neighbours, in the order of their begin, of which the later begins before the earlier has ended."""
    ordered = sorted(intervals, key=lambda one: one[1][0])
    return [
        f"{later} began while {earlier} ran"
        for (earlier, (_, ended)), (later, (began, _)) in itertools.pairwise(ordered)
        if began < ended
    ]
