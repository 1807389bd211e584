"""What a template may use only under some `languageVersion`, and what the functions it defines may not call.

Asked of Microsoft's engine through nested templates.
"""

import re
from collections.abc import Mapping
from typing import Any

_WITH_ASSERTS = re.compile(r"2\.[1-9]\d*(?:-experimental)?")

NOT_IN_FUNCTIONS = frozenset(
    "tenant managementgroup reference references newguid utcnow copyindex pickzones managementgroupresourceid "
    "tologicalzone tologicalzones tophysicalzone tophysicalzones externalinputs".split()
)
"""In lower case; besides them the `list*` family."""


def may_be_in_function(name: str) -> bool:
    """Whether a function that a template defines may call ARM's function of that name."""
    return name.lower() not in NOT_IN_FUNCTIONS and not name.lower().startswith("list")


def unsupported_feature(template: Mapping[str, Any]) -> str | None:
    """The refusal of `asserts` in a template whose `languageVersion` does not know them; None when all is well."""
    version = template.get("languageVersion")
    if not template.get("asserts") or not isinstance(version, str) or _WITH_ASSERTS.fullmatch(version):
        return None
    return f"Template language version '{version}' does not support feature 'Asserts'."
