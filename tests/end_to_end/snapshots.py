"""What the emulated ARM holds, told by ARM itself, to compare before and after."""

from typing import Any

import requests

from emulator.running import RunningEmulator
from emulator.stack import Stack

VOLATILE = frozenset(
    ("etag", "provisioningstate", "modifieddate", "lastmodified", "lastmodifiedtime", "changedtime", "lastskuupdate")
)
"""What a resource shows anew after each write, even of the same content; in lower case."""


def arm_call(stack: Stack, method: str, path: str, *, version: str = "2021-04-01", body: Any = None) -> Any:
    """One request to ARM as somebody else than the app would make it; answers the JSON of the answer, if any."""
    emulator = RunningEmulator.find(stack.state)
    answer = requests.request(
        method,
        f"{emulator.arm}{path}",
        params={"api-version": version},
        json=body,
        headers={"Authorization": f"Bearer {emulator.token()}"},
        verify=str(emulator.trust),
        timeout=30,
    )
    answer.raise_for_status()
    return answer.json() if answer.content else None


def arm_snapshot(stack: Stack, part: str = "") -> dict[str, dict[str, Any]]:
    """Every resource group and resource, children and extensions too, by id in lower case, without what is volatile.

    With `part`, those only whose id has it somewhere. When each was made is in it: what was deleted and made again
    is not the same. Deployments, which are history, are not in it.
    """
    told = arm_call(stack, "GET", "/emulator/inventory")
    found = {group["id"].lower(): _stable(group) for group in told["groups"]}
    for each in told["resources"]:
        found[each["document"]["id"].lower()] = {"made": each["created"], **_stable(each["document"])}
    return {id_: document for id_, document in found.items() if part.lower() in id_}


def differences(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """What is not as it was, a line each; none when two snapshots are equal."""
    told = [f"lost: {id_}" for id_ in before.keys() - after.keys()]
    told += [f"added: {id_}" for id_ in after.keys() - before.keys()]
    for id_ in before.keys() & after.keys():
        was, now = before[id_], after[id_]
        names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
        told += [f"changed: {id_}: {name}: {was.get(name)} is now {now.get(name)}" for name in names]
    return sorted(told)


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _stable(item) for name, item in value.items() if name.lower() not in VOLATILE}
    return [_stable(item) for item in value] if isinstance(value, list) else value
