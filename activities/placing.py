"""Where in the user's bundle a template's failure comes from, told from the template files that were uploaded."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from activities.standing import artifact_account
from armature.azure.artifacts import templates_container
from armature.azure.services import Services
from armature.errors import Failure, FailureError
from armature.placing import placed
from armature.plan import Plan, PlannedTemplate
from armature.templates.limits import MAX_TEMPLATE_BYTES
from armature.templates.reading import JsonSyntaxError
from armature.templates.template import Template, TemplateShapeError

logger = logging.getLogger("armature.activities")

MAX_READ_BYTES = 8 * 1024**2
"""Of a template and what it links to so much is read; in what lies behind, no place is told."""
REMEMBERED_TEMPLATES = 4
"""Those that failed last in this process: one that fails attempt after attempt is read once."""


def placed_failure(services: Services, plan: Plan, template: PlannedTemplate, failure: Failure) -> Failure:
    """The failure of a template's attempt with its place in the user's bundle, where it can be told.

    Reads the template and what it links to from the artifact storage; a bundle's files never change once they are
    uploaded. Where they can't be read the failure stays as it is: a place is a help, and the failure itself must not be
    lost for the lack of one. Changes nothing; a second run gives the same.
    """
    uploader = plan.predecessor or plan.deployment_id  # a rollback deploys what its predecessor has uploaded
    try:
        templates = _templates(_Uploaded(uploader, template.path, template.linked_paths, services, plan))
    except FailureError as unread:
        logger.warning("The place of %s's failure can't be told: %s", template.name, unread)
        return failure
    return placed(failure, templates, template.path, _known(template), template.scope.resource_id)


def _known(template: PlannedTemplate) -> Mapping[str, Any]:
    """The parameters whose values the plan knows: those that are written in the manifest."""
    return {name: binding.value for name, binding in template.parameters.items() if binding.kind == "value"}


@dataclass(frozen=True)
class _Uploaded:
    """A template with what it links to, as the deployment `uploader` has uploaded them."""

    uploader: str
    path: str
    linked_paths: tuple[str, ...]
    services: Services = field(compare=False)
    plan: Plan = field(compare=False)


@lru_cache(maxsize=REMEMBERED_TEMPLATES)
def _templates(uploaded: _Uploaded) -> Mapping[str, Template]:
    """The files that are there and are templates, by path, up to `MAX_READ_BYTES`."""
    account = artifact_account(uploaded.services, uploaded.plan)
    container, left = templates_container(uploaded.uploader), MAX_READ_BYTES
    found: dict[str, Template] = {}
    for path in dict.fromkeys((uploaded.path, *uploaded.linked_paths)):
        content = uploaded.services.artifacts.read(account, container, path, min(left, MAX_TEMPLATE_BYTES))
        if content is None:
            continue
        left -= len(content)
        try:
            found[path] = Template.read(content, file=path)
        except (JsonSyntaxError, TemplateShapeError):
            continue  # ARM says what is wrong with it
    return found
