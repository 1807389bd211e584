"""`$filter`, `$top` and paging of lists, as far as ARM's lists of groups, resources and deployments know them."""

import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from emulator.arm.errors import ArmError

_CONDITION = re.compile(r"\s*([\w./]+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*$", re.IGNORECASE)
_PAGE = 1000


def matches(item: dict[str, Any], text: str | None) -> bool:
    """True when `item` meets the filter: conditions `field eq 'value'`, joined by `and`.

    Fields: resourceType, name, location, resourceGroup, provisioningState, and the pair tagName/tagValue. Raises
    `ArmError` (400 InvalidFilterInQueryString) for anything else.
    """
    if not text:
        return True
    conditions = [
        _condition(part, text) for part in re.split(r"\s+and\s+(?=[\w./]+\s+(?:eq|ne)\s)", text, flags=re.IGNORECASE)
    ]
    tag = {field: value for field, _, value in conditions if field in ("tagname", "tagvalue")}
    if tag and not _has_tag(item, tag):
        return False
    plain = [condition for condition in conditions if condition[0] not in ("tagname", "tagvalue")]
    return all(
        (_field(item, field, text).lower() == value.lower()) is (operator == "eq") for field, operator, value in plain
    )


def _condition(part: str, text: str) -> tuple[str, str, str]:
    found = _CONDITION.match(part)
    if not found:
        raise _invalid(text)
    return found[1].lower(), found[2].lower(), found[3].replace("''", "'")


def _has_tag(item: dict[str, Any], wanted: dict[str, str]) -> bool:
    tags = {name.lower(): value for name, value in (item.get("tags") or {}).items()}
    name = wanted.get("tagname", "").lower()
    return name in tags and ("tagvalue" not in wanted or tags[name] == wanted["tagvalue"])


def _field(item: dict[str, Any], field: str, text: str) -> str:
    properties = item.get("properties") or {}
    fields = {
        "resourcetype": item.get("type"),
        "name": item.get("name"),
        "location": item.get("location"),
        "resourcegroup": (re.search(r"/resourceGroups/([^/]+)", item.get("id", ""), re.IGNORECASE) or ["", ""])[1],
        "provisioningstate": properties.get("provisioningState"),
    }
    if field not in fields:
        raise _invalid(text)
    return str(fields[field] or "")


def _invalid(text: str) -> ArmError:
    return ArmError(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")


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
