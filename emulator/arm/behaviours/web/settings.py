"""A site's settings: kept with the site and never in its document; read and changed here."""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.arm.behaviours.generic import Surroundings
from emulator.arm.state import Resource

SITE, SLOT = "microsoft.web/sites", "microsoft.web/sites/slots"
APP_SETTINGS, CONNECTION_STRINGS = "appSettings", "connectionstrings"


def site_of(resource: Resource, surroundings: Surroundings) -> Resource | None:
    """The site or slot that a resource belongs to; itself when it is one."""
    place = resource.id
    while place.type.lower() not in (SITE, SLOT):
        if place.parent is None:
            return None
        place = place.parent
    return surroundings.state.find_resource(place)


def app_settings(site: Resource) -> dict[str, str]:
    """The application settings."""
    return dict(site.secrets.get(APP_SETTINGS) or {})


def from_list(settings: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """`[{name, value}]` as a mapping; numbers and truth values become text, as App Service does it."""
    return {str(setting["name"]): text_of(setting.get("value")) for setting in settings if setting.get("name")}


def connection_strings(strings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`[{name, connectionString, type}]` as the mapping that `config/connectionstrings` lists."""
    return {
        str(one["name"]): {"value": text_of(one.get("connectionString")), "type": one.get("type")}
        for one in strings
        if one.get("name")
    }


def text_of(value: Any) -> str:
    """A setting's value as text."""
    if isinstance(value, bool):
        return str(value)
    return "" if value is None else str(value)
