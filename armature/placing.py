"""Failures with the place in the user's bundle that they come from.

placed(failure, templates, root, parameters)    the failure with `Cause.place` filled where it can be told
"""

import re
from collections.abc import Mapping
from typing import Any

from armature.errors import Cause, Failure, fact
from armature.templates.places import DeployedTemplates, Place
from armature.templates.template import Template

_DEPLOYMENT = "/providers/microsoft.resources/deployments/"
_ID_IN_WORDS = re.compile(r"(/subscriptions/[^\s'\",;()]+/providers/[^\s'\",;()]+)", re.IGNORECASE)
_ABOUT_PARAMETERS = ("invalidtemplate", "invalidparameter", "keyvaultparameterreference", "invalidrequestcontent")

_PROPERTIES_OF_CODES: Mapping[str, tuple[str, ...]] = {
    "skunotavailable": ("sku.name", "hardwareProfile.vmSize", "sku"),
    "locationnotavailableforresourcetype": ("location",),
    "locationnotavailableforresourcegroup": ("location",),
    "invalidresourcelocation": ("location",),
    "regiondoesnotallowprovisioning": ("location",),
    "noregisteredproviderfound": ("apiVersion",),
    "invalidapiversionparameter": ("apiVersion",),
    "invalidresourcetype": ("type",),
    "invalidresourcenamespace": ("type",),
    "principalnotfound": ("principalId",),
    "roledefinitiondoesnotexist": ("roleDefinitionId",),
}
"""Which property of the resource a code is about."""

_ABOUT_NAMES = re.compile(r"nameinvalid|invalid\w*name|alreadytaken|alreadyexists|alreadyinuse|reservedresourcename")


def placed(
    failure: Failure,
    templates: Mapping[str, Template],
    root: str,
    parameters: Mapping[str, Any] | None = None,
    target: str | None = None,
) -> Failure:
    """The failure with the place of each cause that can be told, and the suggestion naming that of the first.

    `templates` are the files that were handed to ARM, by their path in the bundle, `root` the one of them that is
    deployed, `parameters` what is known of its parameters' values, `target` the id of what it is deployed to. A place
    that is there already is kept, so placing again changes nothing. Never raises for a template that ARM takes, nor for
    one that it refuses.
    """
    deployed = DeployedTemplates(templates, root, parameters, target)
    causes = tuple(cause if cause.place else _with_place(cause, deployed) for cause in failure.causes)
    if causes == failure.causes:
        return failure
    speaker = causes[0] if causes else None
    suggestion = failure.suggestion
    if speaker is not None and speaker.place and not failure.causes[0].place:
        suggestion = f"{suggestion} Place: {speaker.place}."
    return failure.model_copy(update={"causes": causes, "suggestion": suggestion})


def _with_place(cause: Cause, deployed: DeployedTemplates) -> Cause:
    place = _place(cause, deployed)
    return cause.model_copy(update={"place": str(place)}) if place else cause


def _place(cause: Cause, deployed: DeployedTemplates) -> Place | None:
    """The place of what the cause speaks of: a violation, else a parameter, else a resource and what of it."""
    target = cause.target if cause.target and cause.target.startswith("/") else None
    deployment = target if target and _DEPLOYMENT in target.lower() else None
    if cause.violation is not None:
        violation = cause.violation
        found = deployed.place_of_violation(violation.path, violation.line, violation.column, deployment)
        if found is not None:
            return found
    parameter = fact(cause, "parameter") if cause.code.lower().startswith(_ABOUT_PARAMETERS) else None
    if parameter and (found := deployed.place_of_parameter(parameter, deployment)):
        return found
    in_words = _ID_IN_WORDS.search(cause.message)
    for resource_id in (None if deployment else target, in_words and in_words.group(1), target):
        if resource_id and (found := deployed.place_of_resource(resource_id.rstrip("."), *_properties(cause))):
            return found
    name = fact(cause, "declared") or (cause.target if cause.target and not target else None)
    return deployed.place_of_name(name, fact(cause, "type"), *_properties(cause)) if name else None


def _properties(cause: Cause) -> tuple[str, ...]:
    """The properties of the resource that the cause may be about, the likeliest first."""
    code = cause.code.lower()
    told = fact(cause, "property")
    named = ("name",) if _ABOUT_NAMES.search(code) else ()
    return (*((told,) if told else ()), *_PROPERTIES_OF_CODES.get(code, ()), *named)
