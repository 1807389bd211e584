"""A request to deploy a bundle somewhere: what callers send, over HTTP and over the queue alike."""

import hashlib
import json
import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from armature.models import Form, Model
from armature.options import Options

MAX_ID_CHARACTERS = 48
DEPLOYMENT_ID_PATTERN = rf"^(?=.{{3,{MAX_ID_CHARACTERS}}}$)[a-z0-9]+(?:-[a-z0-9]+)*$"
"""3 to 48 lower-case letters, digits and single hyphens: the id names a blob container too (`templates-{id}`)."""

BUNDLE_ID_PATTERN = DEPLOYMENT_ID_PATTERN
RESOURCE_GROUP_PATTERN = r"^[-\w._()]{1,89}[-\w_()]$|^[-\w_()]$"
"""Up to 90 letters, digits, `-`, `.`, `_`, `(`, `)`, not ending in a period (Azure's resource name rules, 2025)."""

NAME_PATTERN = r"^[a-z0-9](?:-?[a-z0-9])*$"
_ID_WORDS = "3 to 48 lower-case letters, digits and single hyphens"

Guid = Annotated[
    str,
    Form(
        r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", "a GUID such as 00000000-0000-0000-0000-000000000001"
    ),
    AfterValidator(str.lower),
]
ResourceGroupName = Annotated[
    str,
    Form(
        RESOURCE_GROUP_PATTERN,
        "the name of a resource group: 1 to 90 letters, digits, -, ., _, (, ), no period at its end",
    ),
]
ManagementGroupId = Annotated[
    str,
    Form(
        r"^[-\w._()]{1,89}[-\w_()]$|^[-\w_()]$",
        "the id of a management group: 1 to 90 letters, digits, -, ., _, (, ), no period at its end",
    ),
]
LineageName = Annotated[
    str, Field(max_length=40), Form(NAME_PATTERN, "lower-case letters, digits and single hyphens, such as web-shop")
]
DeploymentId = Annotated[str, Form(DEPLOYMENT_ID_PATTERN, _ID_WORDS)]
Location = Annotated[str, Form(r"^[a-z0-9]{2,40}$", "a region by its short name, such as eastus2")]


NotificationUrl = Annotated[
    str,
    Field(max_length=2048),
    Form(
        r"^https://[^/?#@\s]+(/[^?#\s]*)?$",
        "an https address without user and query: what is secret there would be kept",
    ),
]


class BundleReference(Model):
    """Where the bundle is: the `id` that `POST /bundles` answered, or the https `uri` of a zip on an allowed host.

    A `uri` is read with the app's own identity. It has no query string: a SAS in it would be stored with the request.
    """

    id: Annotated[str, Form(BUNDLE_ID_PATTERN, _ID_WORDS)] | None = None
    uri: (
        Annotated[
            str,
            Field(max_length=2048),
            Form(r"^https://[^?#\s]+$", "an https address without a query string: the app reads it as itself"),
        ]
        | None
    ) = None

    @property
    def stored_id(self) -> str | None:
        """The bundle's id among those that the app keeps; of an address the id that its last part may stand for."""
        if self.id is not None:
            return self.id
        name = (self.uri or "").rsplit("/", 1)[-1].removesuffix(".zip")
        return name if re.fullmatch(BUNDLE_ID_PATTERN, name) else None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.id is None) == (self.uri is None):
            raise ValueError("give exactly one of 'id' and 'uri'")
        return self


class Target(Model):
    """Where to deploy. `resource_groups` maps a stack of a cloud assembly to its group when there are several.

    `subscription` also holds the artifact storage, and ARM is asked through it about what lies in none.
    `management_group` is that of the templates for one whose manifest does not say which.
    """

    subscription: Guid
    tenant: Guid | None = None
    resource_group: ResourceGroupName | None = None
    management_group: ManagementGroupId | None = None
    location: Location | None = None
    resource_groups: dict[str, ResourceGroupName] = {}


class DeploymentRequest(Model):
    """The start request of design section 5. `project` and `environment` name the lineage of a cloud assembly, which
    itself holds neither; a manifest's own values must agree with them. `notification_url` is told of approvals and of
    the end; its host must be allowed by the app's settings."""

    bundle: BundleReference
    target: Target
    options: Options = Options()
    deployment_id: DeploymentId | None = None
    project: LineageName | None = None
    environment: LineageName | None = None
    notification_url: NotificationUrl | None = None

    def fingerprint(self) -> str:
        """SHA-256 (hex) of what was asked for, the id aside: equal for the same request, whatever the key order.

        A default that is spelled out asks for the same as one that is left out.
        """
        asked = self.model_dump(mode="json", by_alias=True, exclude={"deployment_id"}, exclude_defaults=True)
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
