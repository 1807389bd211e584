"""The manifest: what a bundle holds and how its parts hang together, and the file of our own schema, version 1.

    ManifestFile    manifest.json, version 1, exactly as it is written; docs/manifest.schema.json is made from it
    Manifest        the normalised description, from that file or from a cloud assembly (armature.assembly)

`python -m armature.manifest` prints the schema. Reading reports every fault at once, and still describes all that is
sound, so that the rest of the bundle can be checked in the same pass.
"""

import json
import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from armature.checks.declared import ValidationSection
from armature.models import Form, Model
from armature.plan import PackageAttachment
from armature.problems import Problem
from armature.request import Guid, LineageName, Location, ManagementGroupId, ResourceGroupName
from armature.shape import is_valid, shape_problems
from armature.templates.reading import JsonDocument, pointer_to
from armature.templates.template import DeploymentScope

_VAULT_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+", re.IGNORECASE
)
_SCHEMA_STEP = "Write it as docs/manifest.schema.json says."

MAX_TEMPLATES = 800
"""Of one bundle, and packages too: as many deployments as Azure keeps for one resource group (ARM limits, 2025-11)."""


MAX_REGIONS = 100
"""Of one manifest: more than Azure has in all its clouds (az account list-locations, 2025-11)."""


def _vault_id(value: str) -> str:
    if not _VAULT_ID.fullmatch(value):
        raise ValueError(
            "a vault's id is /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/NAME"
        )
    return value


TemplateName = Annotated[
    str,
    Field(description="Names the template within the bundle; letter case does not tell two apart."),
    Form(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", "1 to 64 letters, digits, - and _, a letter or digit first"),
]
PackageName = Annotated[
    str,
    Field(description="Names the package within the bundle."),
    Form(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", "1 to 64 letters, digits, -, . and _, a letter or digit first"),
]
BundlePath = Annotated[
    str, Field(min_length=1, max_length=512, description="A file of the bundle, relative to its root, with slashes.")
]
Checksum = Annotated[
    str,
    Field(description="`sha256:` and 64 hexadecimal digits."),
    Form(r"^sha256:[0-9a-fA-F]{64}$", "`sha256:` and 64 hexadecimal digits"),
]
OutputName = Annotated[
    str,
    Field(description="TEMPLATE.OUTPUT: an output of another template, which is then deployed first."),
    Form(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.[^\s.]+$", "TEMPLATE.OUTPUT: an output of another template"),
]


class FileModel(Model):
    """A part of the file: its keys are spelled as in JSON, and not in any other way."""

    model_config = ConfigDict(populate_by_name=False)


class KeyVault(FileModel):
    """The vault of a secret."""

    id: Annotated[str, AfterValidator(_vault_id), Field(description="The vault's resource id.")]


class KeyVaultReference(FileModel):
    """A secret that ARM itself reads, as in ARM parameter files."""

    key_vault: KeyVault
    secret_name: Annotated[str, Form(r"^[0-9A-Za-z-]{1,127}$", "1 to 127 letters, digits and hyphens")]
    secret_version: str | None = None


class ParameterSource(FileModel):
    """Where a parameter's value comes from: exactly one of the four."""

    model_config = {
        "json_schema_extra": {"oneOf": [{"required": [key]} for key in ("value", "reference", "output", "package")]}
    }

    value: Annotated[Any, Field(description="The value itself. Not for secure parameters.")] = None
    reference: Annotated[KeyVaultReference | None, Field(description="A secret in Key Vault.")] = None
    output: OutputName | None = None
    package: PackageName | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = self.model_fields_set
        if len(given) != 1 or (given != {"value"} and getattr(self, next(iter(given))) is None):
            raise ValueError("give exactly one of 'value', 'reference', 'output' and 'package'")
        return self

    @property
    def kind(self) -> Literal["value", "reference", "output", "package"]:
        """Which of the four it is."""
        if self.reference is not None:
            return "reference"
        if self.output is not None:
            return "output"
        return "package" if self.package is not None else "value"


class Scope(FileModel):
    """What a template is deployed to, as its `$schema` wants it: exactly one of a resource group, a subscription, a
    management group and the tenant. A resource group may lie in another subscription than the request's target."""

    model_config = {
        "json_schema_extra": {
            "oneOf": [
                {"required": ["resourceGroup"]},
                {"required": ["subscription"], "not": {"required": ["resourceGroup"]}},
                {"required": ["managementGroup"]},
                {"required": ["tenant"]},
            ]
        }
    }

    resource_group: ResourceGroupName | None = None
    subscription: Annotated[
        Guid | None, Field(description="Of the resource group, or to deploy to. Left out: that of the target.")
    ] = None
    management_group: ManagementGroupId | None = None
    tenant: Annotated[Literal[True] | None, Field(description="The tenant itself.")] = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        of_subscription = self.resource_group is not None or self.subscription is not None
        if [of_subscription, self.management_group is not None, self.tenant is not None].count(True) != 1:
            raise ValueError("give exactly one of 'resourceGroup', 'subscription', 'managementGroup' and 'tenant'")
        return self

    @property
    def kind(self) -> DeploymentScope:
        """Which of the four it is."""
        if self.resource_group is not None:
            return DeploymentScope.RESOURCE_GROUP
        if self.subscription is not None:
            return DeploymentScope.SUBSCRIPTION
        return DeploymentScope.MANAGEMENT_GROUP if self.management_group is not None else DeploymentScope.TENANT


class TemplateDeclaration(FileModel):
    """One deployable unit: an ARM template with its parameters, scope and dependencies."""

    name: TemplateName
    path: BundlePath
    scope: Annotated[
        Scope | None,
        Field(description="Left out: that of the request's target, or the only resource group that is named."),
    ] = None
    depends_on: Annotated[tuple[TemplateName, ...], Field(description="Templates that must have succeeded.")] = ()
    parameters: dict[str, ParameterSource] = {}


class RegionDeclaration(FileModel):
    """What is another in one region: it comes before what the templates say of the same."""

    resource_group: Annotated[
        ResourceGroupName | None, Field(description="Of all templates for a resource group, but those named below.")
    ] = None
    resource_groups: Annotated[
        dict[TemplateName, ResourceGroupName], Field(description="The resource groups of single templates.")
    ] = {}
    parameters: Annotated[
        dict[TemplateName, dict[str, ParameterSource]],
        Field(description="Parameters by template, beside those of the template, or in place of them."),
    ] = {}


class PackageDeclaration(FileModel):
    """A file that a template's resource consumes by URI."""

    name: PackageName
    path: BundlePath
    checksum: Checksum | None = None


class ManifestFile(FileModel):
    """manifest.json, version 1."""

    json_schema: Annotated[str | None, Field(alias="$schema", description="For editors; not read.")] = None
    version: Literal["1"]
    project: LineageName
    environment: LineageName
    cloud: Annotated[
        str | None, Field(description="AzureCloud, AzureUSGovernment, … The app must run in it. Left out: in any.")
    ] = None
    location: Annotated[Location | None, Field(description="The region, unless the request names one.")] = None
    regions: Annotated[
        dict[Location, RegionDeclaration] | None,
        Field(
            min_length=1,
            max_length=MAX_REGIONS,
            description="The regions to deploy to, one with each deployment. Each has a lineage of its own.",
        ),
    ] = None
    templates: Annotated[tuple[TemplateDeclaration, ...], Field(min_length=1, max_length=MAX_TEMPLATES)]
    packages: Annotated[tuple[PackageDeclaration, ...], Field(max_length=MAX_TEMPLATES)] = ()
    validation: Annotated[
        ValidationSection | None, Field(description="Checks after the deployment, besides those that are made anyway.")
    ] = None


class BundleKind(StrEnum):
    """Whose manifest.json it is."""

    MANIFEST = "manifest"
    ASSEMBLY = "assembly"


class FileReference(Model):
    """A path that the manifest names, and the pointer to where it does."""

    path: str
    pointer: str


class TemplateEntry(Model):
    """One template of a normalised manifest. `pointer` is its place in manifest.json.

    `parameters_in_doubt` are given there in a way that is refused: they are not missing, but can't be checked.
    `parameter_pointers` are the places of those that are given elsewhere, as a region does.
    """

    name: str
    pointer: str
    file: FileReference
    depends_on: tuple[str, ...] = ()
    scope: Scope | None = None
    parameters: dict[str, ParameterSource] = {}
    parameters_in_doubt: tuple[str, ...] = ()
    parameter_pointers: dict[str, str] = {}
    linked: tuple[FileReference, ...] = ()
    attachments: tuple[PackageAttachment, ...] = ()

    @property
    def resource_group(self) -> str | None:
        """The resource group that the manifest names for it."""
        return self.scope.resource_group if self.scope else None

    def parameter_pointer(self, name: str) -> str:
        """The pointer to a parameter that the manifest gives."""
        return self.parameter_pointers.get(name) or self.pointer + pointer_to("parameters", name)


class PackageEntry(Model):
    """One package of a normalised manifest; `sha256` is 64 lower-case hex digits where the manifest says it."""

    name: str
    pointer: str
    file: FileReference
    sha256: str | None = None


class RegionEntry(Model):
    """What is another in one region. Names of templates are as the manifest writes them there.

    `parameters_in_doubt` are, by template, those that are given in a way that is refused.
    """

    resource_group: str | None = None
    resource_groups: dict[str, str] = {}
    parameters: dict[str, dict[str, ParameterSource]] = {}
    parameters_in_doubt: dict[str, tuple[str, ...]] = {}

    def group_of(self, template: str) -> str | None:
        """The resource group that the region says a template goes into, if it goes into one."""
        named = {name.lower(): group for name, group in self.resource_groups.items()}
        return named.get(template.lower()) or self.resource_group


class Manifest(Model):
    """The normalised description of a bundle. An assembly holds neither project, environment, cloud nor location.

    `names_in_doubt` are templates whose own description is refused: they exist, but nothing more is known. `region` is
    the one of `regions` for which this describes the bundle, None when it is for all of them, or has none.
    """

    kind: BundleKind
    project: str | None = None
    environment: str | None = None
    cloud: str | None = None
    location: str | None = None
    templates: tuple[TemplateEntry, ...] = ()
    packages: tuple[PackageEntry, ...] = ()
    names_in_doubt: tuple[str, ...] = ()
    regions: dict[str, RegionEntry] = {}
    region: str | None = None
    validation: ValidationSection | None = None


def read_manifest(document: JsonDocument) -> tuple[Manifest, list[Problem]]:
    """The manifest of a version 1 file, as far as it is sound, and every fault of its shape."""
    value = document.value
    problems: list[Problem] = []
    try:
        ManifestFile.model_validate(value)
    except ValidationError as error:
        problems += shape_problems(error, document, _SCHEMA_STEP)
    value = value if isinstance(value, dict) else {}
    declared = _objects(value.get("templates"))
    section = _sound(_VALIDATION, value.get("validation"))
    # More than the most are refused, and would only take long.
    entries = [_template_entry(index, item) if index < MAX_TEMPLATES else None for index, item in declared]
    return (
        Manifest(
            kind=BundleKind.MANIFEST,
            project=_sound(_LINEAGE_NAME, value.get("project")),
            environment=_sound(_LINEAGE_NAME, value.get("environment")),
            cloud=_sound(_TEXT, value.get("cloud")),
            location=_sound(_TEXT, value.get("location")),
            templates=tuple(entry for entry in entries if entry is not None),
            packages=tuple(_package_entries(value.get("packages"))),
            regions=_region_entries(value.get("regions")),
            names_in_doubt=tuple(
                item["name"]
                for (_, item), entry in zip(declared, entries, strict=True)
                if entry is None and isinstance(item.get("name"), str)
            ),
            validation=ValidationSection.model_validate(section) if section is not None else None,
        ),
        problems,
    )


_TEXT: TypeAdapter[Any] = TypeAdapter(str)
_VALIDATION: TypeAdapter[Any] = TypeAdapter(ValidationSection)
_LINEAGE_NAME: TypeAdapter[Any] = TypeAdapter(LineageName)
_TEMPLATE_NAME: TypeAdapter[Any] = TypeAdapter(TemplateName)
_PACKAGE_NAME: TypeAdapter[Any] = TypeAdapter(PackageName)
_LOCATION: TypeAdapter[Any] = TypeAdapter(Location)
_GROUP: TypeAdapter[Any] = TypeAdapter(ResourceGroupName)
_PATH: TypeAdapter[Any] = TypeAdapter(BundlePath)
_CHECKSUM: TypeAdapter[Any] = TypeAdapter(Checksum)
_PARAMETER: TypeAdapter[Any] = TypeAdapter(ParameterSource)
_SCOPE: TypeAdapter[Any] = TypeAdapter(Scope)


def _sound(shape: TypeAdapter[Any], value: Any) -> Any:
    return value if value is not None and is_valid(shape, value) else None


def _objects(value: Any) -> list[tuple[int, dict[str, Any]]]:
    items = value if isinstance(value, list) else []
    return [(index, item) for index, item in enumerate(items) if isinstance(item, dict)]


def _template_entry(index: int, item: dict[str, Any]) -> TemplateEntry | None:
    name, path = _sound(_TEMPLATE_NAME, item.get("name")), _sound(_PATH, item.get("path"))
    if name is None or path is None:
        return None
    pointer = f"/templates/{index}"
    given = item.get("parameters")
    given = given if isinstance(given, dict) else {}
    sound = {key: source for key, source in given.items() if is_valid(_PARAMETER, source)}
    depends_on = item.get("dependsOn")
    scope = _sound(_SCOPE, item.get("scope"))
    return TemplateEntry(
        name=name,
        pointer=pointer,
        file=FileReference(path=path, pointer=f"{pointer}/path"),
        depends_on=tuple(other if isinstance(other, str) else "" for other in depends_on)
        if isinstance(depends_on, list)
        else (),
        scope=Scope.model_validate(scope) if scope else None,
        parameters={key: ParameterSource.model_validate(source) for key, source in sound.items()},
        parameters_in_doubt=tuple(key for key in given if key not in sound),
    )


def _package_entries(value: Any) -> list[PackageEntry]:
    entries = []
    for index, item in _objects(value)[:MAX_TEMPLATES]:
        name, path = _sound(_PACKAGE_NAME, item.get("name")), _sound(_PATH, item.get("path"))
        checksum = _sound(_CHECKSUM, item.get("checksum"))
        if name is not None and path is not None:
            pointer = f"/packages/{index}"
            entries.append(
                PackageEntry(
                    name=name,
                    pointer=pointer,
                    file=FileReference(path=path, pointer=f"{pointer}/path"),
                    sha256=sha256_of(checksum) if checksum else None,
                )
            )
    return entries


def _region_entries(value: Any) -> dict[str, RegionEntry]:
    regions = list(value.items())[:MAX_REGIONS] if isinstance(value, dict) else []
    return {name: _region_entry(item) for name, item in regions if is_valid(_LOCATION, name) and isinstance(item, dict)}


def _region_entry(item: dict[str, Any]) -> RegionEntry:
    groups, given = item.get("resourceGroups"), item.get("parameters")
    groups = groups if isinstance(groups, dict) else {}
    given = {name: each for name, each in given.items() if isinstance(each, dict)} if isinstance(given, dict) else {}
    sound = {
        template: {name: source for name, source in sources.items() if is_valid(_PARAMETER, source)}
        for template, sources in given.items()
    }
    return RegionEntry(
        resource_group=_sound(_GROUP, item.get("resourceGroup")),
        resource_groups={name: group for name, group in groups.items() if is_valid(_GROUP, group)},
        parameters={
            template: {name: ParameterSource.model_validate(source) for name, source in sources.items()}
            for template, sources in sound.items()
        },
        parameters_in_doubt={
            template: tuple(name for name in sources if name not in sound[template])
            for template, sources in given.items()
        },
    )


def sha256_of(checksum: str) -> str:
    """The 64 lower-case hex digits of a checksum that is `sha256:` and those digits."""
    return checksum.removeprefix("sha256:").lower()


def manifest_schema() -> str:
    """docs/manifest.schema.json: the JSON Schema (2020-12) of `ManifestFile`."""
    schema = ManifestFile.model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Armature manifest"}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(manifest_schema(), end="")  # noqa: T201  (the schema is this command's output)
