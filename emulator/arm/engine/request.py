"""A deployment as a client or a parent template asks for it."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from armature.templates.reading import JsonSyntaxError, read_json
from emulator.arm.caller import Caller
from emulator.arm.clock import now
from emulator.arm.engine.source import Source
from emulator.arm.engine.template_link import TemplateLink, read_link
from emulator.arm.errors import ArmError, invalid_request_content, invalid_template
from emulator.arm.identifiers import DEPLOYMENT_TYPE, ResourceId

_NAME = re.compile(r"[A-Za-z0-9_().-]{1,64}")  # ARM limits: deployment names
_PROPERTIES = frozenset(
    {
        "template",
        "templatelink",
        "parameters",
        "parameterslink",
        "mode",
        "debugsetting",
        "onerrordeployment",
        "expressionevaluationoptions",
        "externalinputs",
        "validationlevel",
        "extensionconfigs",
    }
)


@dataclass(frozen=True, repr=False)  # it holds secrets
class DeploymentRequest:
    """What is to be deployed, where, under which name; exactly one of `template` and `template_link` is there.

    `parameters` are as in a parameter file: `{"value": …}` or `{"reference": …}` by name. `debug_setting` and
    `on_error` (`onErrorDeployment`) are as in a request's body. `caller` is who asked, where that is known: what they
    may not do, their deployment may not. `started` and `seed` are what `utcNow()` and
    `newGuid()` are told from, so that a request which is prepared again gives the same resources. `source` is where
    `template` stands, when it came in a text.
    """

    id: ResourceId
    correlation_id: str
    mode: str = "Incremental"
    template: Mapping[str, Any] | None = None
    template_link: TemplateLink | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    parameters_link: TemplateLink | None = None
    location: str | None = None
    tags: Mapping[str, str] | None = None
    debug_setting: Mapping[str, Any] | None = None
    on_error: Mapping[str, Any] | None = None
    caller: Caller | None = None
    started: datetime = field(default_factory=now)
    seed: str = field(default_factory=lambda: str(uuid.uuid4()))
    source: Source | None = None

    def dump(self) -> dict[str, Any]:
        """The request as JSON, from which `load` makes it again."""
        links = {name: link and asdict(link) for name, link in self._links().items()}
        text = {"text": self.source.document.text, "pointer": self.source.pointer} if self.source else {}
        return links | {
            "id": str(self.id),
            "correlationId": self.correlation_id,
            "mode": self.mode,
            "template": None if self.source else self.template,
            "source": text or None,
            "parameters": dict(self.parameters),
            "location": self.location,
            "tags": dict(self.tags) if self.tags is not None else None,
            "debugSetting": dict(self.debug_setting) if self.debug_setting else None,
            "onErrorDeployment": dict(self.on_error) if self.on_error else None,
            "caller": self.caller.dump() if self.caller else None,
            "started": self.started.isoformat(),
            "seed": self.seed,
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `dump`."""
        text, links = document["source"], {name: document[name] for name in ("templateLink", "parametersLink")}
        source = Source(read_json(text["text"], file="request"), text["pointer"]) if text else None
        return cls(
            id=ResourceId.parse(document["id"]),
            correlation_id=document["correlationId"],
            mode=document["mode"],
            template=source.value if source else document["template"],
            template_link=TemplateLink(**links["templateLink"]) if links["templateLink"] else None,
            parameters=document["parameters"],
            parameters_link=TemplateLink(**links["parametersLink"]) if links["parametersLink"] else None,
            location=document["location"],
            tags=document["tags"],
            debug_setting=document["debugSetting"],
            on_error=document["onErrorDeployment"],
            caller=Caller.load(document["caller"]) if document["caller"] else None,
            started=datetime.fromisoformat(document["started"]),
            seed=document["seed"],
            source=source,
        )

    def _links(self) -> dict[str, TemplateLink | None]:
        return {"templateLink": self.template_link, "parametersLink": self.parameters_link}


def check_name(name: str) -> None:
    """Raise InvalidDeploymentName for a name that ARM refuses."""
    if not _NAME.fullmatch(name):
        message = (
            f"The deployment name '{name}' is invalid. The name must be at most 64 characters and may only contain "
            "letters, digits, '-', '.', '_', '(' and ')'. Please see https://aka.ms/arm-deploy for usage details."
        )
        raise ArmError(400, "InvalidDeploymentName", message)


def read_request(
    deployment_id: ResourceId,
    body: Mapping[str, Any],
    correlation_id: str,
    *,
    text: str | None = None,
    caller: Caller | None = None,
) -> DeploymentRequest:
    """The body of a PUT, `text` being what it was parsed from.

    Raises `ArmError`: InvalidRequestContent, InvalidDeploymentName, InvalidDeployment (a location is missing or too
    much, or a mode that the scope does not have).
    """
    check_name(deployment_id.last_name)
    properties, location, tags = body.get("properties"), body.get("location"), body.get("tags")
    if not isinstance(properties, Mapping):
        raise invalid_request_content("Required property 'properties' not found in JSON")
    unknown = [name for name in properties if name.lower() not in _PROPERTIES]
    if unknown:
        raise invalid_request_content(f"Could not find member '{unknown[0]}' on object of type 'DeploymentContent'")
    if tags is not None and not isinstance(tags, Mapping):
        raise invalid_request_content("the tags are not an object")
    _check_location(deployment_id, deployment_id.last_name, location)
    mode = _mode(properties)
    if deployment_id.group is None and mode == "Complete":
        message = (
            f"The mode of the deployment '{deployment_id.last_name}' is not valid: 'Complete' is for deployments to a "
            "resource group. Please see https://aka.ms/arm-deploy for usage details."
        )
        raise ArmError(400, "InvalidDeployment", message)
    content = _content(properties, None, deployment_id)
    return DeploymentRequest(
        id=deployment_id,
        correlation_id=correlation_id,
        mode=mode,
        location=str(location).replace(" ", "").lower() if location else None,
        tags=tags,
        debug_setting=_object(properties, "debugSetting"),
        on_error=_object(properties, "onErrorDeployment"),
        caller=caller,
        source=_source(text) if text is not None and content["template"] is not None else None,
        **content,
    )


def _check_location(deployment_id: ResourceId, shown: str, location: Any) -> None:
    """Raise InvalidDeployment: a location is given at resource group scope, and at no other is it left out."""
    see = "Please see https://aka.ms/arm-deployment-subscription for usage details."
    if deployment_id.group is None and not location:
        message = f"The 'location' property must be specified for '{shown}'. {see}"
        raise ArmError(400, "InvalidDeployment", message)
    if deployment_id.group is not None and location:
        message = f"The 'location' property is not allowed for '{shown}' at resource group scope. {see}"
        raise ArmError(400, "InvalidDeployment", message)


def _object(properties: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = properties.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise invalid_request_content(f"'{name}' is not an object")
    return value


def _source(text: str) -> Source:
    """The template's place in a request body, whatever case its property names have."""
    try:
        document, pointer = read_json(text, file="request"), ""
    except JsonSyntaxError as wrong:
        raise invalid_request_content(str(wrong)) from wrong
    value = document.value
    for wanted in ("properties", "template"):
        name = next(key for key in value if key.lower() == wanted)
        value, pointer = value[name], f"{pointer}/{name}"
    return Source(document, pointer)


def nested_request(
    parent: DeploymentRequest, deployment_id: ResourceId, body: Mapping[str, Any], base: TemplateLink | None
) -> DeploymentRequest:
    """The request that an evaluated deployment resource makes; `base` is the link its template was fetched by.

    Raises `ArmError` like `read_request`; InvalidTemplate for a relative link without a base and for Complete mode.
    """
    check_name(deployment_id.last_name)
    properties = body.get("properties")
    if not isinstance(properties, Mapping):
        see = "Please see https://aka.ms/arm-deploy-resources for usage details."
        message = f"The deployment definition is invalid. {see}"
        raise ArmError(400, "InvalidDeployment", message)
    _check_location(deployment_id, str(deployment_id), body.get("location"))
    if str(properties.get("mode", "")).lower() == "complete":
        message = (
            f"The template resource '{deployment_id.last_name}' is not valid: nested deployments do not support "
            "'Complete' mode. Please see https://aka.ms/arm-deploy for usage details."
        )
        raise invalid_template(message)
    return DeploymentRequest(
        id=deployment_id,
        correlation_id=parent.correlation_id,
        location=body.get("location"),
        tags=body.get("tags"),
        caller=parent.caller,
        started=parent.started,
        seed=parent.seed,
        **_content(properties, base, deployment_id),
    )


def _mode(properties: Mapping[str, Any]) -> str:
    mode = str(properties.get("mode", "")).lower()
    if mode not in ("incremental", "complete"):
        raise invalid_request_content(
            "Required property 'mode' not found in JSON, or its value is not a DeploymentMode"
        )
    return mode.capitalize()


def _content(properties: Mapping[str, Any], base: TemplateLink | None, deployment_id: ResourceId) -> dict[str, Any]:
    template, link = properties.get("template"), properties.get("templateLink")
    if (template is None) == (link is None):
        which = "both" if template is not None else "neither"
        raise invalid_request_content(
            f"Deployment content must have exactly one of 'template' and 'templateLink', and has {which} of them"
        )
    if template is not None and not isinstance(template, Mapping):
        raise invalid_request_content(f"Error converting the value of 'template' to type '{DEPLOYMENT_TYPE}'")
    parameters, parameters_link = properties.get("parameters"), properties.get("parametersLink")
    if parameters and parameters_link:
        raise invalid_request_content("Only one of 'parameters' and 'parametersLink' may be given")
    if parameters is not None and not isinstance(parameters, Mapping):
        raise invalid_request_content("The deployment parameters are not an object")
    return {
        "template": template,
        "template_link": read_link(link, base, deployment_id) if link is not None else None,
        "parameters": parameters or {},
        "parameters_link": read_link(parameters_link, base, deployment_id) if parameters_link else None,
    }
