"""Bundles with one fault each, and one with many: what is wrong, and where a review must say so.

`BAD_BUNDLES` are zips as a caller may send them. Each is refused when it is deployed into the target that
`BadBundle.target` says (of `tests.builders.request`), without anything being touched.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from armature.problems import ProblemCode as Code
from armature.templates import limits
from tests.builders import (
    ARTIFACTS_PARAMETERS,
    CONTENT,
    assembly,
    checksum,
    declared,
    linked,
    linked_by_location,
    manifest,
    resource,
    resource_group,
    shop,
    template,
    zipped,
)

ABSENT = object()
MANIFEST = "manifest.json"
NETWORK, WEB = "templates/network.json", "templates/web.json"
Fault = tuple[Code, str, str]
"""Code, file and JSON pointer of an error."""


@dataclass(frozen=True)
class BadBundle:
    """A bundle that is refused for exactly `faults`."""

    name: str
    build: Callable[[], bytes]
    faults: tuple[Fault, ...]
    target: Mapping[str, Any] = field(default_factory=dict)

    @property
    def codes(self) -> set[str]:
        """The codes of its faults."""
        return {code.value for code, _, _ in self.faults}


def edited(*edits: tuple[str, str, Any]) -> dict[str, Any]:
    """The valid bundle of `tests.builders.shop` with values set at (file, JSON pointer), or left out if ABSENT."""
    documents = shop()
    for file, pointer, value in edits:
        put(documents, file, pointer, value)
    return documents


def put(documents: dict[str, Any], file: str, pointer: str, value: Any) -> None:
    """Set, append (`-`) or, for ABSENT, remove a value of one of the documents; "" means the whole file."""
    holder: Any = documents
    parts = [file, *[part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]]
    for part in parts[:-1]:
        holder = holder[int(part)] if isinstance(holder, list) else holder.setdefault(part, {})
    last = parts[-1]
    if value is ABSENT:
        del holder[int(last) if isinstance(holder, list) else last]
    elif isinstance(holder, list):
        holder.append(value) if last == "-" else holder.__setitem__(int(last), value)
    else:
        holder[last] = value


def bad(name: str, *edits: tuple[str, str, Any], faults: list[Fault], **more: Any) -> BadBundle:
    return BadBundle(name, lambda: zipped(edited(*edits)), tuple(faults), **more)


def with_entry(name: str, content: bytes = b"x", mode: int = 0) -> bytes:
    """The valid bundle with one more entry, its name taken as it is."""
    data = io.BytesIO(zipped(shop()))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as target:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        target.writestr(info, content)
    return data.getvalue()


def with_directory_field(data: bytes, entry: str, offset: int, layout: str, value: int) -> bytes:
    """The zip with one field of an entry of its central directory changed (offsets: APPNOTE.TXT 4.3.12)."""
    changed = bytearray(data)
    start = data.rindex(entry.encode()) - 46
    struct.pack_into(layout, changed, start + offset, value)
    return bytes(changed)


def _declared_as(entry: str, size: int) -> Callable[[], bytes]:
    return lambda: with_directory_field(zipped(shop()), entry, 24, "<I", size)


def _nested(text: str) -> dict[str, Any]:
    return linked("nested", text)


def _stacks(**documents: Any) -> dict[str, Any]:
    """A valid assembly of two stacks, one that creates the resource group and one deployed into it."""
    return {
        MANIFEST: assembly(
            Base={},
            App={
                "linkedTemplates": ["App-compute-0.json"],
                "artifacts": {
                    "functionPackages": [
                        {"packagePath": "packages/api.zip", "functionAppName": "func-api", "hash": checksum(CONTENT)}
                    ]
                },
            },
        ),
        "Base.json": template(resource_group("rg-made"), scope="subscription"),
        "App.json": template(
            linked_by_location("App-compute-0", "App-compute-0.json"), parameters=ARTIFACTS_PARAMETERS
        ),
        "App-compute-0.json": template(
            resource("func-api", "Microsoft.Web/sites", identity={"type": "SystemAssigned"})
        ),
        "packages/api.zip": CONTENT,
        **documents,
    }


def bad_assembly(name: str, *edits: tuple[str, str, Any], faults: list[Fault], **more: Any) -> BadBundle:
    def build() -> bytes:
        documents = _stacks()
        for file, pointer, value in edits:
            put(documents, file, pointer, value)
        return zipped(documents)

    return BadBundle(name, build, tuple(faults), **more)


def _many(count: int, kind: str = "string") -> dict[str, Any]:
    return {f"p{number}": {"type": kind, "defaultValue": ""} for number in range(count)}


def _outputs(count: int) -> dict[str, Any]:
    return {f"o{number}": {"type": "string", "value": ""} for number in range(count)}


def _padded(size: int) -> bytes:
    """The network template, padded by white space to that many bytes."""
    content = zipped(shop())
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        original = packed.read(NETWORK)
    return original + b" " * (size - len(original))


def _wide(**parts: Any) -> dict[str, Any]:
    """The network template with more of something than is allowed; what the bundle needs of it is kept."""
    network = shop()[NETWORK]
    for key, value in parts.items():
        network[key] = {**network.get(key, {}), **value} if isinstance(value, dict) else value
    return network  # type: ignore[no-any-return]


MANY_FAULTS = BadBundle(
    "many faults at once",
    lambda: zipped(
        edited(
            (MANIFEST, "/cloud", "AzureChinaCloud"),
            (MANIFEST, "/typo", 1),
            (MANIFEST, "/templates/0/parameters/prefix", {"value": 7}),
            (MANIFEST, "/templates/1/dependsOn", ["netwrok"]),
            (MANIFEST, "/templates/1/parameters/sku", {"value": "P9"}),
            (MANIFEST, "/templates/1/parameters/adminPassword", {"value": "s3cr3t-Value"}),
            (MANIFEST, "/templates/1/parameters/packageUri", {"package": "ui"}),
            (MANIFEST, "/templates/1/parameters/subnetId", {"value": "x", "output": "network.subnetId"}),
            (MANIFEST, "/templates/1/parameters/colour", {"value": "red"}),
            (MANIFEST, "/templates/-", declared("absent")),
            (MANIFEST, "/templates/-", {"name": "nameless"}),
            (MANIFEST, "/packages/0/checksum", checksum(b"other")),
            (NETWORK, "/resources/-", resource("[concat('a', ]")),
            (NETWORK, "/resources/-", resource("[nosuch('a')]")),
            (WEB, "/resources/-", _nested("nested/gone.json")),
        )
    ),
    (
        (Code.MANIFEST_FIELD, MANIFEST, "/typo"),
        (Code.MANIFEST_FIELD, MANIFEST, "/templates/1/parameters/subnetId"),
        (Code.MANIFEST_FIELD, MANIFEST, "/templates/3/path"),
        (Code.CLOUD_MISMATCH, MANIFEST, "/cloud"),
        (Code.FILE_MISSING, MANIFEST, "/templates/2/path"),
        (Code.DEPENDENCY_UNKNOWN, MANIFEST, "/templates/1/dependsOn/0"),
        (Code.PARAMETER_TYPE, MANIFEST, "/templates/0/parameters/prefix/value"),
        (Code.PARAMETER_VALUE, MANIFEST, "/templates/1/parameters/sku/value"),
        (Code.PARAMETER_SECURE_LITERAL, MANIFEST, "/templates/1/parameters/adminPassword/value"),
        (Code.PACKAGE_UNKNOWN, MANIFEST, "/templates/1/parameters/packageUri/package"),
        (Code.PARAMETER_UNKNOWN, MANIFEST, "/templates/1/parameters/colour"),
        (Code.CHECKSUM_MISMATCH, MANIFEST, "/packages/0/checksum"),
        (Code.EXPRESSION_SYNTAX, NETWORK, "/resources/1/name"),
        (Code.FUNCTION_UNKNOWN, NETWORK, "/resources/2/name"),
        (Code.LINKED_TEMPLATE_MISSING, WEB, "/resources/1/properties/templateLink/relativePath"),
    ),
)

_PARAMETERS = "/templates/1/parameters"

BAD_BUNDLES: list[BadBundle] = [
    # The zip
    BadBundle("no zip", lambda: b"PK is not enough", ((Code.BUNDLE_UNREADABLE, "", ""),)),
    BadBundle("cut off", lambda: zipped(shop())[:-30], ((Code.BUNDLE_UNREADABLE, "", ""),)),
    *(
        BadBundle(f"entry named {name}", lambda name=name: with_entry(name), ((Code.ENTRY_NAME_UNSAFE, name, ""),))  # type: ignore[misc]
        for name in ("../evil.json", "templates/../../evil.json", "/etc/evil", "C:/evil", "..\\evil", "a//b", "./a")
    ),
    BadBundle(
        "a link",
        lambda: with_entry("link.json", b"/etc/passwd", 0o120777),
        ((Code.ENTRY_NAME_UNSAFE, "link.json", ""),),
    ),
    BadBundle(
        "an encrypted entry",
        lambda: with_directory_field(zipped(shop()), WEB, 8, "<H", 1),
        ((Code.ENTRY_ENCRYPTED, WEB, ""),),
    ),
    BadBundle(
        "names that differ in case",
        lambda: with_entry("Templates/Web.json"),
        ((Code.ENTRY_DUPLICATE, "Templates/Web.json", ""),),
    ),
    BadBundle("a zip bomb", lambda: with_entry("bomb", bytes(8 * 1024**2)), ((Code.ENTRY_RATIO, "bomb", ""),)),
    BadBundle("a template larger than it says", _declared_as(WEB, 10), ((Code.BUNDLE_UNREADABLE, WEB, ""),)),
    BadBundle("a template smaller than it says", _declared_as(WEB, 10_000), ((Code.BUNDLE_UNREADABLE, WEB, ""),)),
    BadBundle(
        "a package larger than it says",
        _declared_as("packages/api.zip", 3),
        ((Code.BUNDLE_UNREADABLE, "packages/api.zip", ""),),
    ),
    # The manifest
    bad("no manifest", (MANIFEST, "", ABSENT), faults=[(Code.MANIFEST_MISSING, MANIFEST, "")]),
    BadBundle(
        "everything in a folder",
        lambda: zipped({f"shop/{path}": content for path, content in shop().items()}),
        ((Code.MANIFEST_MISSING, MANIFEST, ""),),
    ),
    bad("no JSON", (MANIFEST, "", '{"version": "1",\n  oops}'), faults=[(Code.MANIFEST_SYNTAX, MANIFEST, "")]),
    bad("no object", (MANIFEST, "", []), faults=[(Code.MANIFEST_FIELD, MANIFEST, "")]),
    bad("an unknown version", (MANIFEST, "/version", "3"), faults=[(Code.MANIFEST_VERSION, MANIFEST, "/version")]),
    bad("a number as version", (MANIFEST, "/version", 1), faults=[(Code.MANIFEST_VERSION, MANIFEST, "/version")]),
    bad("no version", (MANIFEST, "/version", ABSENT), faults=[(Code.MANIFEST_VERSION, MANIFEST, "/version")]),
    bad("an unknown key", (MANIFEST, "/projects", "x"), faults=[(Code.MANIFEST_FIELD, MANIFEST, "/projects")]),
    bad(
        "a key in another spelling",
        (MANIFEST, "/templates/0/depends_on", []),
        faults=[(Code.MANIFEST_FIELD, MANIFEST, "/templates/0/depends_on")],
    ),
    bad("no project", (MANIFEST, "/project", ABSENT), faults=[(Code.MANIFEST_FIELD, MANIFEST, "/project")]),
    bad(
        "no templates",
        (MANIFEST, "/templates", []),
        (MANIFEST, "/packages", []),
        faults=[(Code.MANIFEST_FIELD, MANIFEST, "/templates")],
    ),
    bad("the wrong cloud", (MANIFEST, "/cloud", "AzureChinaCloud"), faults=[(Code.CLOUD_MISMATCH, MANIFEST, "/cloud")]),
    bad(
        "a template twice",
        (MANIFEST, "/templates/-", declared("Network", NETWORK, parameters={"prefix": {"value": ""}})),
        faults=[(Code.NAME_DUPLICATE, MANIFEST, "/templates/2/name")],
    ),
    bad(
        "a package twice",
        (MANIFEST, "/packages/-", {"name": "API", "path": "packages/api.zip"}),
        faults=[(Code.NAME_DUPLICATE, MANIFEST, "/packages/1/name")],
    ),
    bad(
        "a template's path that leaves the bundle",
        (MANIFEST, "/templates/0/path", "../network.json"),
        faults=[(Code.ENTRY_NAME_UNSAFE, MANIFEST, "/templates/0/path")],
    ),
    bad(
        "a package's path that leaves the bundle",
        (MANIFEST, "/packages/0/path", "/etc/passwd"),
        faults=[(Code.ENTRY_NAME_UNSAFE, MANIFEST, "/packages/0/path")],
    ),
    bad("a missing template", (NETWORK, "", ABSENT), faults=[(Code.FILE_MISSING, MANIFEST, "/templates/0/path")]),
    bad(
        "a missing package",
        ("packages/api.zip", "", ABSENT),
        faults=[(Code.FILE_MISSING, MANIFEST, "/packages/0/path")],
    ),
    bad(
        "a bad checksum",
        ("packages/api.zip", "", CONTENT + b"!"),
        faults=[(Code.CHECKSUM_MISMATCH, MANIFEST, "/packages/0/checksum")],
    ),
    bad(
        "a checksum of another kind",
        (MANIFEST, "/packages/0/checksum", "md5:d41d8cd98f00b204e9800998ecf8427e"),
        faults=[(Code.MANIFEST_FIELD, MANIFEST, "/packages/0/checksum")],
    ),
    # The graph
    bad(
        "an unknown dependency",
        (MANIFEST, "/templates/1/dependsOn", ["network", "databse"]),
        faults=[(Code.DEPENDENCY_UNKNOWN, MANIFEST, "/templates/1/dependsOn/1")],
    ),
    bad(
        "a cycle",
        (MANIFEST, "/templates/0/dependsOn", ["web"]),
        faults=[(Code.DEPENDENCY_CYCLE, MANIFEST, "/templates/0")],
    ),
    bad(
        "a dependency on itself",
        (MANIFEST, "/templates/0/dependsOn", ["Network"]),
        faults=[(Code.DEPENDENCY_CYCLE, MANIFEST, "/templates/0")],
    ),
    bad(
        "a cycle through an output",
        (MANIFEST, "/templates/0/parameters/prefix", {"output": "web.url"}),
        faults=[(Code.DEPENDENCY_CYCLE, MANIFEST, "/templates/0")],
    ),
    # Parameters
    bad(
        "a missing parameter",
        (MANIFEST, f"{_PARAMETERS}/sku", ABSENT),
        faults=[(Code.PARAMETER_MISSING, MANIFEST, _PARAMETERS)],
    ),
    bad(
        "an unknown parameter",
        (MANIFEST, f"{_PARAMETERS}/colour", {"value": "red"}),
        faults=[(Code.PARAMETER_UNKNOWN, MANIFEST, f"{_PARAMETERS}/colour")],
    ),
    bad(
        "a parameter twice",
        (MANIFEST, f"{_PARAMETERS}/SKU", {"value": "B1"}),
        faults=[(Code.NAME_DUPLICATE, MANIFEST, f"{_PARAMETERS}/SKU")],
    ),
    bad(
        "a value of the wrong type",
        (MANIFEST, f"{_PARAMETERS}/instances", {"value": "3"}),
        faults=[(Code.PARAMETER_TYPE, MANIFEST, f"{_PARAMETERS}/instances/value")],
    ),
    bad(
        "a value above the largest",
        (MANIFEST, f"{_PARAMETERS}/instances", {"value": 10}),
        faults=[(Code.PARAMETER_VALUE, MANIFEST, f"{_PARAMETERS}/instances/value")],
    ),
    bad(
        "a value that is not allowed",
        (MANIFEST, f"{_PARAMETERS}/sku", {"value": "P9"}),
        faults=[(Code.PARAMETER_VALUE, MANIFEST, f"{_PARAMETERS}/sku/value")],
    ),
    bad(
        "a text that is too long",
        (MANIFEST, "/templates/0/parameters/prefix", {"value": "x" * 21}),
        faults=[(Code.PARAMETER_VALUE, MANIFEST, "/templates/0/parameters/prefix/value")],
    ),
    bad(
        "a literal for a secure parameter",
        (MANIFEST, f"{_PARAMETERS}/adminPassword", {"value": "s3cr3t-Value"}),
        faults=[(Code.PARAMETER_SECURE_LITERAL, MANIFEST, f"{_PARAMETERS}/adminPassword/value")],
    ),
    bad(
        "an output for a secure parameter",
        (MANIFEST, f"{_PARAMETERS}/adminPassword", {"output": "network.subnetId"}),
        faults=[(Code.PARAMETER_SECURE_LITERAL, MANIFEST, f"{_PARAMETERS}/adminPassword/output")],
    ),
    bad(
        "a secret for a plain parameter",
        (MANIFEST, f"{_PARAMETERS}/sku", shop()[MANIFEST]["templates"][1]["parameters"]["adminPassword"]),
        faults=[(Code.PARAMETER_TYPE, MANIFEST, f"{_PARAMETERS}/sku/reference")],
    ),
    bad(
        "both a value and an output",
        (MANIFEST, f"{_PARAMETERS}/subnetId/value", "x"),
        faults=[(Code.MANIFEST_FIELD, MANIFEST, f"{_PARAMETERS}/subnetId")],
    ),
    bad(
        "no source at all",
        (MANIFEST, f"{_PARAMETERS}/subnetId", {}),
        faults=[(Code.MANIFEST_FIELD, MANIFEST, f"{_PARAMETERS}/subnetId")],
    ),
    bad(
        "a vault that is no vault",
        (MANIFEST, f"{_PARAMETERS}/adminPassword/reference/keyVault/id", "kv"),
        faults=[(Code.MANIFEST_FIELD, MANIFEST, f"{_PARAMETERS}/adminPassword/reference/keyVault/id")],
    ),
    bad(
        "an unknown output",
        (MANIFEST, f"{_PARAMETERS}/subnetId", {"output": "network.subnet"}),
        faults=[(Code.OUTPUT_UNKNOWN, MANIFEST, f"{_PARAMETERS}/subnetId/output")],
    ),
    bad(
        "an output of an unknown template",
        (MANIFEST, f"{_PARAMETERS}/subnetId", {"output": "net.subnetId"}),
        faults=[(Code.DEPENDENCY_UNKNOWN, MANIFEST, f"{_PARAMETERS}/subnetId/output")],
    ),
    bad(
        "a secure output",
        (MANIFEST, f"{_PARAMETERS}/subnetId", {"output": "network.key"}),
        faults=[(Code.OUTPUT_SECURE, MANIFEST, f"{_PARAMETERS}/subnetId/output")],
    ),
    bad(
        "an output of the wrong type",
        (MANIFEST, f"{_PARAMETERS}/subnetId", {"output": "network.count"}),
        faults=[(Code.PARAMETER_TYPE, MANIFEST, f"{_PARAMETERS}/subnetId/output")],
    ),
    bad(
        "an unknown package",
        (MANIFEST, f"{_PARAMETERS}/packageUri", {"package": "ui"}),
        faults=[(Code.PACKAGE_UNKNOWN, MANIFEST, f"{_PARAMETERS}/packageUri/package")],
    ),
    bad(
        "a package for a number",
        (MANIFEST, f"{_PARAMETERS}/instances", {"package": "api"}),
        faults=[(Code.PARAMETER_TYPE, MANIFEST, f"{_PARAMETERS}/instances/package")],
    ),
    # Templates
    bad("a template that is no JSON", (NETWORK, "", '{"$schema": }'), faults=[(Code.TEMPLATE_SYNTAX, NETWORK, "")]),
    bad("a template that is none", (NETWORK, "", {"resources": []}), faults=[(Code.TEMPLATE_SHAPE, NETWORK, "")]),
    BadBundle(
        "a template of 4 MB and one byte",
        lambda: stored(edited((NETWORK, "", _padded(limits.MAX_TEMPLATE_BYTES + 1)))),
        ((Code.TEMPLATE_TOO_LARGE, NETWORK, ""),),
    ),
    bad(
        "257 parameters",
        (NETWORK, "", _wide(parameters=_many(256))),
        faults=[(Code.TOO_MANY_PARAMETERS, NETWORK, "/parameters")],
    ),
    bad(
        "513 variables",
        (NETWORK, "/variables", {f"v{number}": 1 for number in range(513)}),
        faults=[(Code.TOO_MANY_VARIABLES, NETWORK, "/variables")],
    ),
    bad(
        "65 outputs", (NETWORK, "", _wide(outputs=_outputs(62))), faults=[(Code.TOO_MANY_OUTPUTS, NETWORK, "/outputs")]
    ),
    bad(
        "801 resources",
        (NETWORK, "/resources", [resource(f"r{number}") for number in range(801)]),
        faults=[(Code.TOO_MANY_RESOURCES, NETWORK, "/resources")],
    ),
    bad(
        "a broken expression",
        (NETWORK, "/resources/0/name", "[concat(parameters('prefix'), 'x']"),
        faults=[(Code.EXPRESSION_SYNTAX, NETWORK, "/resources/0/name")],
    ),
    bad(
        "an expression that is too long",
        (NETWORK, "/resources/0/tags", {"t": f"[concat('{'x' * 24_576}')]"}),
        faults=[(Code.EXPRESSION_TOO_LONG, NETWORK, "/resources/0/tags/t")],
    ),
    bad(
        "an unknown function",
        (NETWORK, "/resources/0/name", "[concatenate('a', 'b')]"),
        faults=[(Code.FUNCTION_UNKNOWN, NETWORK, "/resources/0/name")],
    ),
    bad(
        "too few arguments",
        (NETWORK, "/resources/0/name", "[substring('a')]"),
        faults=[(Code.FUNCTION_ARGUMENTS, NETWORK, "/resources/0/name")],
    ),
    bad(
        "a parameter that is not declared",
        (NETWORK, "/resources/0/name", "[parameters('prefics')]"),
        faults=[(Code.PARAMETER_UNDEFINED, NETWORK, "/resources/0/name")],
    ),
    bad(
        "a variable that is not declared",
        (NETWORK, "/resources/0/name", "[variables('name')]"),
        faults=[(Code.VARIABLE_UNDEFINED, NETWORK, "/resources/0/name")],
    ),
    bad(
        "a linked template that is missing",
        (NETWORK, "/resources/-", _nested("nested/gone.json")),
        faults=[(Code.LINKED_TEMPLATE_MISSING, NETWORK, "/resources/1/properties/templateLink/relativePath")],
    ),
    bad(
        "a link that leaves the bundle",
        (NETWORK, "/resources/-", _nested("../../gone.json")),
        faults=[(Code.LINKED_TEMPLATE_MISSING, NETWORK, "/resources/1/properties/templateLink/relativePath")],
    ),
    bad(
        "a fault in a linked template",
        (NETWORK, "/resources/-", _nested("deep/one.json")),
        ("templates/deep/one.json", "", template(_nested("two.json"))),
        ("templates/deep/two.json", "", template(resource("[nosuch()]"))),
        faults=[(Code.FUNCTION_UNKNOWN, "templates/deep/two.json", "/resources/0/name")],
    ),
    bad(
        "a subscription template with a resource group",
        (
            NETWORK,
            "",
            template(
                scope="subscription",
                parameters=shop()[NETWORK]["parameters"],
                outputs={"subnetId": {"type": "string", "value": ""}},
            ),
        ),
        (MANIFEST, "/templates/0/scope", {"resourceGroup": "rg"}),
        faults=[(Code.SCOPE_MISMATCH, MANIFEST, "/templates/0/scope")],
    ),
    *(
        bad(
            f"a template with a resource group for its scope that is for {scope}",
            (
                NETWORK,
                "",
                template(
                    scope=scope,
                    parameters=shop()[NETWORK]["parameters"],
                    outputs={"subnetId": {"type": "string", "value": ""}},
                ),
            ),
            (MANIFEST, "/templates/0/scope", {"resourceGroup": "rg"}),
            faults=[(Code.SCOPE_MISMATCH, MANIFEST, "/templates/0/scope")],
        )
        for scope in ("managementGroup", "tenant")
    ),
    # Cloud assemblies
    bad_assembly(
        "a stack without a template",
        ("manifest.json", "/stacks/App/templatePath", ABSENT),
        faults=[(Code.MANIFEST_FIELD, MANIFEST, "/stacks/App/templatePath")],
    ),
    bad_assembly(
        "an assembly without stacks",
        ("manifest.json", "/stacks", {}),
        faults=[(Code.MANIFEST_FIELD, MANIFEST, "/stacks")],
    ),
    bad_assembly(
        "a stack whose template is missing",
        ("App.json", "", ABSENT),
        faults=[(Code.FILE_MISSING, MANIFEST, "/stacks/App/templatePath")],
    ),
    bad_assembly(
        "a stack whose linked template is missing",
        ("App-compute-0.json", "", ABSENT),
        faults=[
            (Code.FILE_MISSING, MANIFEST, "/stacks/App/linkedTemplates/0"),
            (Code.LINKED_TEMPLATE_MISSING, "App.json", "/resources/0/properties/templateLink/uri"),
        ],
    ),
    bad_assembly(
        "a package with another hash",
        ("packages/api.zip", "", b"other"),
        faults=[(Code.CHECKSUM_MISMATCH, MANIFEST, "/stacks/App/artifacts/functionPackages/0/hash")],
    ),
    bad_assembly(
        "a function app without an identity",
        ("App-compute-0.json", "/resources/0/identity", ABSENT),
        faults=[(Code.PACKAGE_IDENTITY, "App-compute-0.json", "/resources/0")],
    ),
    bad_assembly(
        "a stack that needs a parameter",
        ("App.json", "/parameters/size", {"type": "int"}),
        faults=[(Code.PARAMETER_MISSING, MANIFEST, "/stacks/App/parameters")],
    ),
    bad_assembly(
        "several resource groups and no choice",
        ("Base.json", "/resources/-", resource_group("rg-other")),
        faults=[(Code.TARGET_INCOMPLETE, MANIFEST, "/stacks/App")],
        target={"resourceGroup": None},
    ),
    bad_assembly(
        "a choice for a stack that is not there",
        faults=[(Code.TARGET_INCOMPLETE, "", "/target/resourceGroups/Web")],
        target={"resourceGroups": {"Web": "rg"}},
    ),
    bad_assembly(
        "both ways of joining the artifacts' location",
        (
            "App.json",
            "/resources/-",
            {
                **linked("two", ""),
                "properties": {
                    "mode": "Incremental",
                    "templateLink": {"uri": "[uri(parameters('_artifactsLocation'), 'App-compute-0.json')]"},
                },
            },
        ),
        faults=[(Code.ARTIFACTS_LOCATION_MIXED, "App.json", "/resources/1/properties/templateLink/uri")],
    ),
    MANY_FAULTS,
]


def stored(documents: Mapping[str, Any]) -> bytes:
    """The bundle as a zip without compression."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(zipped(documents))) as source, zipfile.ZipFile(packed, "w") as target:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))
    return packed.getvalue()


def valid_assembly() -> dict[str, Any]:
    """The documents of a valid assembly: two stacks, a linked template, a package."""
    return _stacks()


def single(document: dict[str, Any], **declaration: Any) -> dict[str, Any]:
    """A valid bundle of one template named `only`."""
    return {MANIFEST: manifest(declared("only", "only.json", **declaration)), "only.json": document}
