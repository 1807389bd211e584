"""The plan of one deployment: which template goes where, after which others, with what. Pure data, never changed."""

import hashlib
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, Literal, Self

from pydantic import model_validator

from armature.checks.declared import ValidationSection
from armature.models import Model
from armature.request import BundleReference, Target
from armature.templates.limits import MAX_DEPLOYMENT_NAME_CHARACTERS

_NOT_ALLOWED_IN_NAME = re.compile(r"[^-\w.()]", re.ASCII)
_HASH_LENGTH = 8


class OutputReference(Model):
    """An output of another template of the same plan. Output names are compared without letter case."""

    template: str
    output: str


class ParameterBinding(Model):
    """What a parameter of a template gets; `kind` says which of the fields holds it.

    `value`: a literal. `reference`: a Key Vault reference, handed to ARM as it is. `output`: another template's output,
    known when that one has finished. `package`: the manifest's name of a package, whose URI is handed over.
    """

    kind: Literal["value", "reference", "output", "package"]
    value: Any = None
    reference: dict[str, Any] | None = None
    output: OutputReference | None = None
    package: str | None = None


class PackageAttachment(Model):
    """A package that a function app runs from once its template has succeeded (`WEBSITE_RUN_FROM_PACKAGE`)."""

    function_app: str
    package: str


class DeploymentScopeTarget(Model):
    """Where a template is deployed to: a resource group of a subscription, a subscription, a management group, or the
    tenant when all three are None."""

    subscription: str | None = None
    resource_group: str | None = None
    management_group: str | None = None

    @model_validator(mode="after")
    def _is_one_scope(self) -> Self:
        if self.management_group and (self.subscription or self.resource_group):
            raise ValueError("a management group's scope names neither a subscription nor a resource group")
        if self.resource_group and not self.subscription:
            raise ValueError("a resource group's scope names its subscription")
        return self

    @property
    def resource_id(self) -> str:
        """The scope as ARM spells it, with a leading slash; empty for the tenant (Deployments REST reference)."""
        if self.management_group:
            return f"/providers/Microsoft.Management/managementGroups/{self.management_group}"
        if self.subscription is None:
            return ""
        group = f"/resourceGroups/{self.resource_group}" if self.resource_group else ""
        return f"/subscriptions/{self.subscription}{group}"

    @property
    def words(self) -> str:
        """The scope as a person is told of it."""
        if self.management_group:
            return f"management group {self.management_group}"
        if self.subscription is None:
            return "the tenant"
        return self.resource_group or f"subscription {self.subscription}"

    def deployment_id(self, deployment_name: str) -> str:
        """The resource id of the ARM deployment of that name in this scope."""
        return f"{self.resource_id}/providers/Microsoft.Resources/deployments/{deployment_name}"


class PlannedTemplate(Model):
    """One template deployment to make.

    `location` is where ARM keeps the record of a deployment outside of resource groups (None in one). `linked_paths`
    are the bundle's files that it links to, directly or through others. `artifacts_location` says whether the URI put
    into `_artifactsLocation` ends in a slash; None when the template does not ask for it or the manifest sets it.
    `secure_parameters` are the names of the bound parameters that are `securestring` or `secureobject`. `hashes` stand
    for what is in the template's file and each that it links to, by path (SHA-256 in hex, whatever the layout).
    """

    name: str
    path: str
    tier: int
    depends_on: tuple[str, ...] = ()
    scope: DeploymentScopeTarget
    location: str | None = None
    deployment_name: str
    parameters: dict[str, ParameterBinding] = {}
    linked_paths: tuple[str, ...] = ()
    artifacts_location: Literal["slash", "no-slash"] | None = None
    attachments: tuple[PackageAttachment, ...] = ()
    resource_count: int = 0
    secure_parameters: tuple[str, ...] = ()
    hashes: dict[str, str] = {}

    @property
    def hands_on_packages(self) -> bool:
        """True when a package's plain URI is among its parameters: what runs from it must be allowed to read it."""
        return any(b.kind == "package" and n not in self.secure_parameters for n, b in self.parameters.items())

    @property
    def uses_packages(self) -> bool:
        """True when something is left to do for its packages after ARM has succeeded."""
        return bool(self.attachments) or self.hands_on_packages


class ArtifactKind(StrEnum):
    """Templates live in the deployment's own container, packages in one that all deployments share."""

    TEMPLATE = "template"
    PACKAGE = "package"


class Artifact(Model):
    """A file of the bundle to upload. `path` is its path in the bundle, `size` in bytes uncompressed.

    `name` is the path for a template, the manifest's name for a package. `sha256` (hex) is known for packages.
    `rewrites` are what is put where (a value for each JSON pointer) in the copy of a template that is uploaded, so that
    its links are relative to its own address.
    """

    index: int
    kind: ArtifactKind
    path: str
    name: str
    size: int
    sha256: str | None = None
    rewrites: dict[str, Any] = {}

    @property
    def blob_name(self) -> str:
        """The name inside the container: content-addressed for a package, the path in the bundle for a template."""
        return self.path if self.sha256 is None else f"{self.sha256}/{PurePosixPath(self.path).name}"


class Lineage(Model):
    """(project, environment, target): deployments of one lineage run one after the other.

    `key` is 16 hex digits that stand for all three. `region` is told of a bundle for several: each has a lineage.
    """

    project: str
    environment: str
    key: str
    region: str | None = None


class ResourceGroupToEnsure(Model):
    """A resource group that must exist before any template starts; none of the templates creates it.

    It lies in the plan's subscription when `subscription` is None.
    """

    name: str
    location: str
    subscription: str | None = None


class BundleVersion(Model):
    """A bundle as it was at one moment: storage gives each version of it an ETag of its own."""

    reference: BundleReference
    etag: str


class Plan(Model):
    """All that one deployment will do. `templates` are in tier order, and in the manifest's order within a tier.

    `source` is what was checked: nothing is uploaded from any other bundle, or another version of it. `predecessor` is
    set in the plan of a rollback: the deployment whose templates, packages and outputs it uses. `name_prefix` begins
    the names of the ARM deployments.
    """

    deployment_id: str
    predecessor: str | None = None
    source: BundleVersion | None = None
    name_prefix: str | None = None
    lineage: Lineage
    subscription: str
    location: str
    resource_groups_to_ensure: tuple[ResourceGroupToEnsure, ...] = ()
    templates: tuple[PlannedTemplate, ...]
    artifacts: tuple[Artifact, ...] = ()
    validation: ValidationSection | None = None

    def template(self, name: str) -> PlannedTemplate:
        """The template of that name.

        Raises:
            KeyError: the plan has none.
        """
        for template in self.templates:
            if template.name == name:
                return template
        raise KeyError(name)

    def asked_in(self, where: DeploymentScopeTarget | ResourceGroupToEnsure) -> str:
        """The subscription through which ARM is asked about a scope or a group: its own, or the plan's where it names
        none, as a management group and the tenant do."""
        return where.subscription or self.subscription

    def group_id(self, group: ResourceGroupToEnsure) -> str:
        """The resource id of a group to ensure."""
        return DeploymentScopeTarget(subscription=self.asked_in(group), resource_group=group.name).resource_id

    def package(self, name: str) -> Artifact:
        """The package that the manifest calls `name`.

        Raises:
            KeyError: the plan has none.
        """
        for artifact in self.artifacts:
            if artifact.kind is ArtifactKind.PACKAGE and artifact.name == name:
                return artifact
        raise KeyError(name)


def deployment_name(template: str, deployment_id: str, prefix: str | None = None) -> str:
    """The ARM deployment's name of a template in one of our deployments: `{template}.{deployment id}` where it fits,
    with a `prefix` `{prefix}-{template}.{deployment id}`.

    The same arguments always give the same name and, a deployment id having no period, different ones different names
    (all of one deployment have the same prefix). A name that is too long, or holds a character that ARM refuses, is cut
    and gets a hash of the template's name.
    """
    told = f"{prefix}-{template}" if prefix else template
    name = f"{told}.{deployment_id}"
    clean = _NOT_ALLOWED_IN_NAME.sub("-", told)
    if clean == told and len(name) <= MAX_DEPLOYMENT_NAME_CHARACTERS:
        return name
    digest = hashlib.sha256(template.casefold().encode()).hexdigest()[:_HASH_LENGTH]
    room = MAX_DEPLOYMENT_NAME_CHARACTERS - len(digest) - len(deployment_id) - 2
    return f"{clean[:room].strip('-.')}-{digest}.{deployment_id}".removeprefix("-")


def lineage_of(
    project: str,
    environment: str,
    cloud: str,
    target: Target,
    scopes: Iterable[DeploymentScopeTarget],
    region: str | None = None,
) -> Lineage:
    """The lineage of a deployment to `scopes`; letter case does not matter. `region` is one of several of its bundle.

    A resource group of `target`'s subscription counts by its name, and that subscription itself is not told again.
    """
    places = {
        scope.resource_group or ""
        if scope.subscription and scope.subscription.lower() == target.subscription.lower()
        else scope.resource_id or "/"
        for scope in scopes
    }
    parts = [project, environment, cloud, target.subscription, *sorted({place.lower() for place in places} - {""})]
    parts += [f"region {region}"] if region else []
    key = hashlib.sha256("\n".join(part.lower() for part in parts).encode()).hexdigest()[:16]
    return Lineage(project=project, environment=environment, key=key, region=region)
