"""What Azure's messages tell in words: which quota, which permission, which policy, which region.

The wordings are those of ARM and the resource providers as the troubleshooting pages quote them (2025-11); what a
message does not tell in one of these wordings is left out of the suggestion, never guessed.
"""

import re
import shlex
from collections.abc import Callable, Mapping

from armature.errors.model import Cause

_MAX_FACT = 200
_SHOWN_OF_A_LIST = 8
_GUID = r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"

_WORDINGS: Mapping[str, tuple[str, ...]] = {
    "quota": (
        r"approved (.{1,80}?) quota\b",
        r"quota '([^']+)'",
        r"for quota (.{1,80}?)\.(?: |$)",
        r"Current Limit \(([^)]{1,80})\)",
        r"already contains \d+ ([\w ]+?) in\b",
        r"more than \d+ ([\w ]+?) for\b",
    ),
    "limit": (
        r"Current Limit(?: \([^)]*\))?: (\d+)",
        r"maximum allowed is (\d+)",
        r"create more than (\d+)",
        r"quota of '(\d+)'",
        r"quota limit is (\d+)",
    ),
    "usage": (r"Current Usage: (\d+)", r"already contains (\d+)", r"quota usage is (\d+)"),
    "wanted": (
        r"Additional Required: (\d+)",
        r"required for this deployment(?: \([^)]*\))?: (\d+)",
        r"requires? (\d+) new capacity",
    ),
    "needed": (r"New Limit Required: (\d+)", r"request to enable this deployment: (\d+)"),
    "count": (r"deployment count is '(\d+)'",),
    "region": (
        r"Location: ([\w ]{1,60}?)[,.]",
        r"[Ll]ocation '([^']+)'",
        r"region:? '([^']+)'",
        r"for region ([a-z]+\d*)\b",
    ),
    "sku": (r"[Ss]ize '?((?:Standard|Basic)_\w+)", r"SKU '([^']+)'", r"\b((?:Standard|Basic|Premium)_[A-Za-z]\w+)"),
    "where": (r"(in this (?:region|zone))\b",),
    "principal": (rf"object id '({_GUID})'", rf"[Pp]rincipal '?({_GUID})\b", r"object id '([^']+)'"),
    "action": (r"perform action '([^']+)'",),
    "scope": (r"(?:over|on|at|of) scope '([^']+)'",),
    "linkedAction": (r"not have (?:permission|authorization) to perform action(?:\(s\))? '([^',]+)",),
    "linkedScope": (r"linked scope\(s\) '([^',]+)", r"over scope '([^']+)'"),
    "definition": (r"\"policyDefinition\": ?\{\"name\": ?\"([^\"]+)\"",),
    "assignment": (r"\"policyAssignment\": ?\{\"name\": ?\"([^\"]+)\"",),
    "assignmentId": (r"\"policyAssignment\": ?\{\"name\": ?\"[^\"]*\", ?\"id\": ?\"([^\"]+)\"",),
    "namespace": (r"namespace '([\w.]+)'",),
    "type": (r"(?:for|resource|of) type '([^']+)'",),
    "apiVersion": (r"[Aa][Pp][Ii][ -][Vv]ersion '([^']+)'",),
    "location": (r"location '([^']*)'",),
    "featureNamespace": (r"feature '?(Microsoft\.[\w.]+)/\w+",),
    "feature": (r"feature '?Microsoft\.[\w.]+/(\w+)",),
    "deployment": (r"[Dd]eployment '([^']+)'",),
    "since": (r"previous deployment from '([^']+)'",),
    "group": (r"[Rr]esource group '([^']+)'",),
    "user": (
        r"in use by (?:the following resources: )?(/\S+[^\s.])",
        r"(?:used|allocated) (?:by|to) (?:existing )?(?:resource )?(/\S+[^\s.])",
        r"cannot be deleted: (/\S+[^\s.])",
    ),
    "missing": (
        r"[Pp]arent resource '([^']+)'",
        r"[Rr]esource '([^']+)' (?:under|was|could)",
        r"[Rr]esource '?(/[^\s']+)'? referenced",
        r"zone (/\S+) referenced",
        r"[Ss]ubnet '?([^'\s]+)'? (?:was|is|could)",
        r"find (?:server ?farm|the \w+) (?:with name )?'?([\w.-]+)",
    ),
    "value": (r"'([^']*)' is not a valid resource", r"[Pp]roperty id '([^']*)'"),
    "declared": (r"template resource '([^']+)'", r"[Rr]esource '([^'/]+)' was disallowed"),
    "vault": (r"KeyVault(?: resource)? '([^']+)'",),
    "parameter": (r"parameter '([^']+)'", r"parameters '([^',]+)'", r"for parameter (\w+)"),
    "property": (r"[Pp]roperty '([^']+)'", r"'([\w.]+)' property", r"for property ([\w.]+\w)"),
    "name": (
        r"(?:named|account|name|[Rr]esource) '?([\w.-]+)'? (?:is already|already)",
        r"name '([\w.-]+)'",
        r"with ID '[^']*/([\w.-]+)'",
        r"record ([\w.-]+) is already",
    ),
    "otherLocation": (r"exists? in location '([^']+)'", r"in location '([^']+)'"),
    "lockedScope": (r"are locked: '([^',]+)",),
    "subscription": (rf"subscription '({_GUID})'",),
    "subnet": (r"[Ss]ubnet '?([\w./-]+)'?",),
    "address": (r"\b(\d{1,3}(?:\.\d{1,3}){3})\b",),
    "uri": (r"from '(https?://[^'?\s]+)",),
    "application": (rf"[Aa]pp(?:lication)? (?:with identifier )?'({_GUID})'",),
    "tenant": (r"(?:directory|[Tt]enant) '([^']+)'",),
    "rightTenant": (rf"must match the tenant 'https://[^/']+/({_GUID})",),
}
_PATTERNS = {name: tuple(re.compile(wording) for wording in wordings) for name, wordings in _WORDINGS.items()}
_API_VERSIONS = re.compile(r"supported (?:api-)?versions are '([^']*)'")
_LOCATIONS = re.compile(r"(?:supported locations are|available regions (?:for the resource type )?is) '([^']*)'")
_NAMESPACE = re.compile(r"[A-Za-z]\w*(?:\.\w+)+")
_GROUP_SCOPE = re.compile(r"(/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?)", re.IGNORECASE)
_GROUP = re.compile(r"/resourceGroups/([^/'\s]+)", re.IGNORECASE)
_ROLE_WRITES = re.compile(r"Microsoft\.Authorization/(?:roleAssignments|roleDefinitions|locks)/", re.IGNORECASE)

_SOFT_DELETION: Mapping[str, tuple[str, str]] = {
    "microsoft.keyvault/vaults": ("az keyvault recover -n {name}", "az keyvault purge -n {name}"),
    "microsoft.cognitiveservices/accounts": (
        "az cognitiveservices account recover -n {name} -g {group} -l {region}",
        "az cognitiveservices account purge -n {name} -g {group} -l {region}",
    ),
    "microsoft.appconfiguration/configurationstores": (
        "az appconfig recover -n {name}",
        "az appconfig purge -n {name}",
    ),
    "microsoft.apimanagement/service": (
        "deploy it with properties.restore true",
        "az apim deletedservice purge --service-name {name} -l {region}",
    ),
}
"""How what is deleted softly is had back, and given up for good (Azure CLI reference, 2025-11)."""


def fact(cause: Cause, name: str) -> str | None:
    """What the cause tells by that name, None when it does not. `FACTS` has the names."""
    derive = _DERIVED.get(name)
    found = derive(cause) if derive else None
    found = found or _worded(cause, name)
    return found[:_MAX_FACT] if found else None


def is_served(cause: Cause) -> bool:
    """Whether the API version and the location that a message names are among those that it lists."""
    version, location = _worded(cause, "apiVersion"), _worded(cause, "location")
    versions, locations = _listed(_API_VERSIONS, cause), _listed(_LOCATIONS, cause)
    is_version_served = version is not None and version.lower() in (one.lower() for one in versions)
    is_placed = not location or not locations or _folded(location) in map(_folded, locations)
    return is_version_served and is_placed


def id_type(resource_id: str | None) -> str | None:
    """The type of the resource of an id, None for a text that is no id of one."""
    _, marker, rest = _after_last_providers(resource_id or "")
    segments = rest.split("/")
    if not marker or len(segments) < 3 or len(segments) % 2 == 0:
        return None
    return "/".join((segments[0], *segments[1::2]))


def scope_of(resource_id: str | None) -> str | None:
    """The scope that the resource of an id lives in; None for a text that is no id of one."""
    scope, marker, _ = _after_last_providers(resource_id or "")
    return scope if marker and scope else None


def _after_last_providers(text: str) -> tuple[str, str, str]:
    position = text.lower().rfind("/providers/")
    return ("", "", "") if position < 0 else (text[:position], "/providers/", text[position + 11 :].strip("/"))


def _worded(cause: Cause, name: str) -> str | None:
    for pattern in _PATTERNS.get(name, ()):
        match = pattern.search(cause.message)
        if match and match.group(1).strip():
            return match.group(1).strip()
    return None


def _listed(pattern: re.Pattern[str], cause: Cause) -> list[str]:
    match = pattern.search(cause.message)
    return [one.strip() for one in match.group(1).split(",") if one.strip()] if match else []


def _shown_list(pattern: re.Pattern[str], cause: Cause) -> str | None:
    found = _listed(pattern, cause)
    more = f" and {len(found) - _SHOWN_OF_A_LIST} more" if len(found) > _SHOWN_OF_A_LIST else ""
    return ", ".join(found[:_SHOWN_OF_A_LIST]) + more if found else None


def _newest(cause: Cause) -> str | None:
    found = sorted(_listed(_API_VERSIONS, cause), reverse=True)
    return ", ".join(found[:_SHOWN_OF_A_LIST]) if found else None


def _folded(location: str) -> str:
    return location.replace(" ", "").lower()


def _target_id(cause: Cause) -> str | None:
    return cause.target if cause.target and cause.target.startswith("/") else None


def _namespace(cause: Cause) -> str | None:
    kind, target = id_type(_target_id(cause)), cause.target or ""
    named = target if _NAMESPACE.fullmatch(target) else None
    return _worded(cause, "namespace") or (kind.partition("/")[0] if kind else named)


def _group(cause: Cause) -> str | None:
    match = _GROUP.search(cause.target or "") or _GROUP.search(cause.message)
    return _worded(cause, "group") or (match.group(1) if match else None)


def _name(cause: Cause) -> str | None:
    target = _target_id(cause)
    return target.rpartition("/")[2] if target else _worded(cause, "name")


def _property(cause: Cause) -> str | None:
    target = cause.target
    return _worded(cause, "property") or (target if target and not target.startswith("/") else None)


def _role(action: str | None) -> str | None:
    if action is None:
        return None
    return "Role Based Access Control Administrator" if _ROLE_WRITES.match(action) else "Contributor"


def _assignable(scope: str | None) -> str | None:
    match = _GROUP_SCOPE.match(scope or "")
    return match.group(1) if match else None


def _locked_group(cause: Cause) -> str | None:
    match = _GROUP.search(_worded(cause, "lockedScope") or "")
    return match.group(1) if match else None


def _assignment_id(cause: Cause) -> str | None:
    return (cause.policy and cause.policy.assignment_id) or _worded(cause, "assignmentId")


def _assignment_name(cause: Cause) -> str | None:
    found = _assignment_id(cause)
    return found.rpartition("/")[2] if found else None


def _deleted_command(cause: Cause, which: int) -> str | None:
    kind = (id_type(_target_id(cause)) or "").lower()
    if kind not in _SOFT_DELETION:
        words = cause.message.lower()
        kind = next((known for known, word in _TOLD_TYPES.items() if word in words), "")
    commands = _SOFT_DELETION.get(kind)
    if commands is None:
        return None
    places = {"name": "NAME", "group": "RESOURCE-GROUP", "region": "REGION"}
    known = {name: shlex.quote(value) for name in places if (value := fact(cause, name))}
    return commands[which].format_map({**places, **known})


_TOLD_TYPES = {"microsoft.keyvault/vaults": "vault", "microsoft.cognitiveservices/accounts": "cognitiveservices"}

_DERIVED: Mapping[str, Callable[[Cause], str | None]] = {
    "apiVersions": _newest,
    "locations": lambda cause: _shown_list(_LOCATIONS, cause),
    "namespace": _namespace,
    "group": _group,
    "name": _name,
    "property": _property,
    "resource": _target_id,
    "role": lambda cause: _role(_worded(cause, "action")),
    "linkedRole": lambda cause: _role(_worded(cause, "linkedAction")),
    "assignableScope": lambda cause: _assignable(_worded(cause, "scope")),
    "definition": lambda cause: cause.policy.definition if cause.policy else None,
    "assignment": lambda cause: cause.policy.assignment if cause.policy else None,
    "assignmentName": _assignment_name,
    "assignmentScope": lambda cause: scope_of(_assignment_id(cause)),
    "lockedGroup": _locked_group,
    "recover": lambda cause: _deleted_command(cause, 0),
    "purge": lambda cause: _deleted_command(cause, 1),
}

FACTS = frozenset((*_WORDINGS, *_DERIVED))
"""The names of all facts."""
