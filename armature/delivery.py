"""How Azure Resource Manager gets a template: by a link that it downloads, or in the body of the request.

ARM downloads from outside, and is none of the services that a storage account's firewall lets through. So what lies in
an account without public access is sent in the body: read over the private network, with all that it links to inside.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from armature.bundle import Bundle, BundleError
from armature.errors import Failure, FailureClass, Recovery, failure
from armature.options import Delivery
from armature.plan import Plan, PlannedTemplate
from armature.problems import Problem, ProblemCode, Severity
from armature.templates.inlining import LOCATION, InliningError, Read, inlined
from armature.templates.limits import MAX_REQUEST_BYTES, MAX_TEMPLATE_BYTES
from armature.templates.reading import read_json

SMALLER = "Deploy parts of it as templates of their own, or with `delivery: sas` from storage that ARM can reach."


def delivery_of(wanted: Delivery, *, is_private: bool, is_rollback: bool = False) -> Delivery:
    """By link or in the body; `is_private` says that the artifact storage can't be reached from outside.

    A rollback deploys an earlier deployment's templates, for which other options were given: the storage decides.
    """
    if wanted is Delivery.AUTOMATIC or is_rollback:
        return Delivery.INLINE if is_private else Delivery.SAS
    return wanted


def private_refusal(account: str) -> Failure:
    """That links were asked for which ARM could not follow."""
    message = (
        f"The artifact storage account {account} can't be reached from public networks, so Azure Resource Manager "
        "can't download templates from it, as `delivery: sas` asks."
    )
    suggestion = "Deploy with `delivery: inline`, or leave the choice to Armature: `delivery: automatic`."
    code = "ArtifactStoragePrivate"
    return failure(FailureClass.STORAGE_ACCESS, code, message, suggestion, recovery=Recovery.FAIL)


def reader(content: Callable[[str], bytes | None]) -> Read:
    """Reads templates by what gives the bytes at a path, None for no such file; each once."""
    known: dict[str, Mapping[str, Any]] = {}

    def read(path: str) -> Mapping[str, Any]:
        if path not in known:
            data = content(path)
            value = read_json(data, file=path).value if data is not None else None
            if not isinstance(value, dict):
                raise LookupError(path)
            known[path] = value
        return known[path]

    return read


def bundle_reader(bundle: Bundle) -> Read:
    """Reads templates from a bundle."""

    def content(path: str) -> bytes | None:
        try:
            return bundle.read(path, MAX_TEMPLATE_BYTES) if path in bundle.entries else None
        except BundleError as refused:
            raise LookupError(path) from refused

    return reader(content)


def artifacts_location(template: PlannedTemplate, location: str, query: str = "") -> dict[str, str]:
    """What a template is told of where it lies: `_artifactsLocation` and its SAS token, as parameters' values.

    `location` is the address of the bundle's root, with a slash at its end. Nothing for a template that does not ask.
    """
    if template.artifacts_location is None:
        return {}
    base = f"{location}{quote(template.path.rpartition('/')[0])}".rstrip("/")
    told = f"{base}/" if template.artifacts_location == "slash" else base
    return {"_artifactsLocation": told, "_artifactsLocationSasToken": query}


def inlined_template(
    template: PlannedTemplate,
    read: Read,
    parameters: Mapping[str, Mapping[str, Any]],
    *,
    location: str = LOCATION,
    unknown: Collection[str] = (),
) -> dict[str, Any]:
    """A planned template with all that it links to inside.

    `parameters` are as in a parameter file; what is no `value` in them, and `unknown` beside them, only ARM will know.
    `location` is the address of the bundle's root, with a slash at its end.

    Raises:
        InliningError: a link can't be inlined.
    """
    values = {name: entry["value"] for name, entry in parameters.items() if "value" in entry}
    return inlined(
        template.path,
        read,
        location=location,
        parameters=artifacts_location(template, location) | values,
        unknown={*parameters, *unknown} - values.keys(),
        prefix=template.scope.resource_id or None,
    )


def inlining_problems(plan: Plan, bundle: Bundle) -> Iterator[Problem]:
    """What keeps templates of a bundle from being sent in the body of a request.

    What depends on values that are only known when it is deployed is warned of.
    """
    read = bundle_reader(bundle)
    for template in plan.templates:
        known = {name: {"value": b.value} for name, b in template.parameters.items() if b.kind == "value"}
        unknown = template.parameters.keys() - known.keys()
        try:
            content = inlined_template(template, read, known, unknown=unknown)
        except InliningError as refused:
            severity = Severity.WARNING if refused.is_untold and unknown else Severity.ERROR
            yield Problem(
                ProblemCode.TEMPLATE_NOT_INLINED,
                refused.message,
                refused.next_step,
                refused.file,
                refused.pointer,
                severity=severity,
            )
            continue
        size = len(json.dumps([content, known], ensure_ascii=False, separators=(",", ":")).encode())
        if size > MAX_REQUEST_BYTES:
            yield Problem(ProblemCode.TEMPLATE_TOO_LARGE, too_large(template.name, size), SMALLER, template.path)


def too_large(name: str, size: int) -> str:
    """That a template can't be sent in a request; `size` in bytes, with all that it links to."""
    return (
        f"{name} has {size:,} bytes with all that it links to inside: Azure Resource Manager takes requests of at most "
        f"{MAX_REQUEST_BYTES:,}."
    )
