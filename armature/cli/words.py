"""Small pieces of text that several views show: times, durations, resource ids."""

from dataclasses import dataclass
from datetime import datetime, timedelta


def clock_time(moment: datetime) -> str:
    """The time of day, UTC as the API gives it: `09:15:02`."""
    return f"{moment:%H:%M:%S}"


def length_of(duration: timedelta) -> str:
    """A duration in the two units that matter: `4 s`, `2 min 04 s`, `1 h 12 min`.

    Below zero, as when two clocks differ, it is `0 s`.
    """
    seconds = max(0, int(duration.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"


def size_of(byte_count: int) -> str:
    """A size as people say it: `512 B`, `1.5 MB` (of 1000 times 1000 bytes)."""
    size, unit = float(byte_count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


@dataclass(frozen=True)
class ResourceName:
    """What people call a resource: its full type, its name with its parents', and the group it is in (if any)."""

    type: str
    name: str
    group: str


def resource_name(resource_id: str) -> ResourceName:
    """The type, name and resource group in a resource id; an id of no known form is its own name.

    An extension resource (`…/storageAccounts/a/providers/Microsoft.Authorization/roleAssignments/b`) is named by its
    last part.
    """
    segments = [segment for segment in resource_id.split("/") if segment]
    folded = [segment.lower() for segment in segments]
    group = segments[3] if folded[2:3] == ["resourcegroups"] and len(segments) > 3 else ""
    if "providers" not in folded:
        if group and len(segments) == 4:
            return ResourceName("Microsoft.Resources/resourceGroups", group, group)
        return ResourceName("", resource_id, group)
    own = segments[len(folded) - folded[::-1].index("providers") :]
    return ResourceName("/".join(own[:1] + own[1::2]), "/".join(own[2::2]), group)
