"""`$filter`, `$top` and paging of lists, as far as ARM's lists of groups, resources and deployments know them."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from emulator.arm.errors import ArmError

_CONDITION = re.compile(r"\s*([\w./]+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*$", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+(?=[\w./]+\s+(?:eq|ne)\s)", re.IGNORECASE)
_GROUP = re.compile(r"/resourceGroups/([^/]+)", re.IGNORECASE)
_TAG_FIELDS = ("tagname", "tagvalue")
_FIELDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "resourcetype": lambda item: str(item.get("type", "")),
    "name": lambda item: str(item.get("name", "")),
    "location": lambda item: str(item.get("location", "")),
    "resourcegroup": lambda item: found[1] if (found := _GROUP.search(item["id"])) else "",
    "provisioningstate": lambda item: str((item.get("properties") or {}).get("provisioningState", "")),
}
_PAGE = 1000


def reader_of(text: str | None) -> Callable[[dict[str, Any]], bool]:
    """What tells whether an item meets the filter: conditions `field eq 'value'`, joined by `and`.

    Fields: resourceType, name, location, resourceGroup, provisioningState, and the pair tagName/tagValue. Raises
    `ArmError` (400 InvalidFilterInQueryString) for anything else.
    """
    parts = _AND.split(text) if text else []
    conditions = [_condition(part, text or "") for part in parts]
    tag = {field: value for field, _, value in conditions if field in _TAG_FIELDS}
    plain = [condition for condition in conditions if condition[0] not in _TAG_FIELDS]

    def meets(item: dict[str, Any]) -> bool:
        has_tag = not tag or _has_tag(item, tag)
        return has_tag and all((_FIELDS[f](item).lower() == value.lower()) is (o == "eq") for f, o, value in plain)

    return meets


def _condition(part: str, text: str) -> tuple[str, str, str]:
    found = _CONDITION.match(part)
    if not found or found[1].lower() not in (*_FIELDS, *_TAG_FIELDS):
        raise ArmError(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")
    return found[1].lower(), found[2].lower(), found[3].replace("''", "'")


def _has_tag(item: dict[str, Any], wanted: dict[str, str]) -> bool:
    tags = {name.lower(): value for name, value in (item.get("tags") or {}).items()}
    name = wanted.get("tagname", "").lower()
    return name in tags and ("tagvalue" not in wanted or tags[name] == wanted["tagvalue"])


def paged(request: web.Request, items: Sequence[dict[str, Any]], page: int = _PAGE) -> web.Response:
    """One page of a list, `$top` items at most, with the link to the next."""
    try:
        size = min(int(request.query.get("$top", page)), page)
        start = int(request.query.get("$skiptoken", 0))
    except ValueError as wrong:
        raise ArmError(
            400, "InvalidTopQueryString", "The $top or $skiptoken in the query string is invalid."
        ) from wrong
    if size < 1 or start < 0:
        raise ArmError(400, "InvalidTopQueryString", "The $top in the query string must be positive.")
    answer: dict[str, Any] = {"value": list(items[start : start + size])}
    if start + size < len(items) and "$top" not in request.query:
        answer["nextLink"] = str(request.url.update_query({"$skiptoken": str(start + size)}))
    return web.json_response(answer)
