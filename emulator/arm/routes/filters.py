"""`$filter`, `$top` and paging of lists of groups, resources, deployments and what governs them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from emulator.arm.errors import ArmError
from emulator.arm.odata import Filter, FilterSyntaxError, check_names, meets, read_filter

_GROUP = re.compile(r"/resourceGroups/([^/]+)", re.IGNORECASE)
_FIELDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "id": lambda item: str(item.get("id", "")),
    "resourcetype": lambda item: str(item.get("type", "")),
    "name": lambda item: str(item.get("name", "")),
    "location": lambda item: str(item.get("location", "")),
    "kind": lambda item: str(item.get("kind", "")),
    "managedby": lambda item: str(item.get("managedBy", "")),
    "resourcegroup": lambda item: found[1] if (found := _GROUP.search(item["id"])) else "",
    "provisioningstate": lambda item: str((item.get("properties") or {}).get("provisioningState", "")),
    "plan/publisher": lambda item: str((item.get("plan") or {}).get("publisher", "")),
    "plan/name": lambda item: str((item.get("plan") or {}).get("name", "")),
    "plan/product": lambda item: str((item.get("plan") or {}).get("product", "")),
    "identity/principalid": lambda item: str((item.get("identity") or {}).get("principalId", "")),
    "principalid": lambda item: str((item.get("properties") or {}).get("principalId", "")),
    "roledefinitionid": lambda item: str((item.get("properties") or {}).get("roleDefinitionId", "")),
    "rolename": lambda item: str((item.get("properties") or {}).get("roleName", "")),
    "type": lambda item: str((item.get("properties") or {}).get("type", item.get("type", ""))),
    "policytype": lambda item: str((item.get("properties") or {}).get("policyType", "")),
}
_PAGE = 1000
_INVALID_TOP = "InvalidTopInQueryString"


class Item:
    """An entry of a list, as a filter asks for it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def field(self, name: str) -> str | None:
        """The value of a field by its lower-case name; None for a field that no list has."""
        read = _FIELDS.get(name)
        return read(self._document) if read else None

    def tags(self) -> dict[str, str]:
        """The tags by lower-case name."""
        return {str(name).lower(): str(value) for name, value in (self._document.get("tags") or {}).items()}


def filter_of(text: str | None) -> Filter | None:
    """The filter of a query string; raises `ArmError` (400 InvalidFilterInQueryString)."""
    if not text or not text.strip():
        return None
    try:
        expression = read_filter(text)
        check_names(expression, Item({"id": ""}))
    except FilterSyntaxError as wrong:
        message = f"Invalid $filter '{text}' specified in the query string."
        raise ArmError(400, "InvalidFilterInQueryString", message) from wrong
    return expression


def reader_of(text: str | None) -> Callable[[dict[str, Any]], bool]:
    """What tells whether an item meets the filter; raises `ArmError` (400 InvalidFilterInQueryString)."""
    expression = filter_of(text)
    return lambda item: expression is None or meets(expression, Item(item))


def paged(request: web.Request, items: Sequence[dict[str, Any]], page: int = _PAGE) -> web.Response:
    """One page of a list with the link to the next. `$top` is the size of a page, and no end of the list.

    Sources: https://github.com/Azure/azure-sdk-for-python/issues/541 (what `$top` is in ARM) and
    https://github.com/Azure/azure-sdk-for-js/issues/18535 (the code of the refusal).
    """
    top, start = _number(request, "$top", page), _number(request, "$skiptoken", 0)
    if not 1 <= top <= _PAGE or start < 0:
        raise ArmError(400, _INVALID_TOP, f"The $top in the query string must be between 1 and {_PAGE}.")
    size = min(top, page)
    answer: dict[str, Any] = {"value": list(items[start : start + size])}
    if start + size < len(items):
        answer["nextLink"] = str(request.url.update_query({"$skiptoken": str(start + size)}))
    return web.json_response(answer)


def _number(request: web.Request, name: str, default: int) -> int:
    try:
        return int(request.query.get(name, default))
    except ValueError as wrong:
        raise ArmError(400, _INVALID_TOP, f"The {name} in the query string is invalid.") from wrong
