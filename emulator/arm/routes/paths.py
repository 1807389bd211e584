"""Route patterns: ARM compares every path segment without regard to case."""

import re

from emulator.arm.identifiers import MANAGEMENT_GROUP_TYPE


def any_case(path: str) -> str:
    """An aiohttp route pattern in which the literal segments of `path` match in any case, with a last slash or without.

    The Azure CLI and the SDKs end some lists with a slash (`…/deployments/`), which ARM does not mind.
    """
    segments = []
    for number, segment in enumerate(path.strip("/").split("/")):
        segments.append(segment if segment.startswith("{") else f"{{_{number}:(?i:{re.escape(segment)})}}")
    return "/" + "/".join(segments) + "{_end:/?}"


SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = "/subscriptions/{subscription}/resourcegroups/{group}"
MANAGEMENT_GROUP = f"/providers/{MANAGEMENT_GROUP_TYPE}/{{management_group}}"
TENANT = ""
