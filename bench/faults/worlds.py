"""The bundles that goals deploy. A world is one resource group, `rg-{project}`, and its lineage.

Every tier of a tiered world holds, in the first version, a workspace and a Service Bus namespace with a queue in it.
The second version changes one thing or several, and ends in a tier with a resource `log-{project}-{tier}-last` that
waits for all others of its template: whoever wants the tier to fail names it in a rule.
"""

import random
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from bench.cruelty_bundle import cruelty_bundle
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import zipped

TIERS = ("low", "mid", "top")
BUS = "Microsoft.ServiceBus/namespaces"
BUS_VERSION = "2021-11-01"
DEPLOYMENTS = "Microsoft.Resources/deployments"
WORKSPACES = "Microsoft.OperationalInsights/workspaces"

PACKAGE_BYTES = 20_000

Resource = dict[str, Any]


class Change(StrEnum):
    """What the second version of a tier does to the first."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    TAGGED = "tagged"
    LINKED = "linked"


def small_world(project: str) -> bytes:
    """Two templates, a linked one and a package: the bundle of `bench.cruelty`."""
    return cruelty_bundle(project)


def package_of(project: str) -> bytes:
    """The content of the world's package, another one in each."""
    return random.Random(project).randbytes(PACKAGE_BYTES)


def calling_world(project: str) -> bytes:
    """Two templates, one of which links a third, and a package; every name tells the project."""
    resources = calling_resources(project)
    items: list[dict[str, Any]] = [
        {"name": "base", "path": "base.json"},
        {"name": "web", "path": "web.json", "dependsOn": ["base"]},
    ]
    packages = [{"name": "code", "path": "packages/code.zip"}]
    return zipped(
        {
            "manifest.json": manifest(project, items, packages=packages),
            "base.json": template([workspace(resources[0])]),
            "web.json": template([workspace(resources[1]), _link(f"{project}-linked", "linked.json")]),
            "linked.json": template([workspace(resources[2])]),
            "packages/code.zip": package_of(project),
        }
    )


def calling_resources(project: str) -> list[str]:
    """What a calling world makes: of the first template, of the second, of the linked one."""
    return [f"log-{project}-{part}" for part in ("base", "web", "linked")]


def last_resource(project: str, tier: str) -> str:
    """The name of what comes last in a changed tier."""
    return f"log-{project}-{tier}-last"


def vault_name(project: str, tier: str) -> str:
    """The name of the vault that a tier adds: at most 24 characters, and no other vault's anywhere."""
    return f"kv-{random.Random(f'{project}-{tier}').randbytes(6).hex()}"


def first_version(project: str) -> bytes:
    """Three tiers as they are first."""
    return _bundle(project, {tier: _tier(project, tier) for tier in TIERS})


def second_version(project: str, changes: Iterable[Change], tiers: Sequence[str] = TIERS) -> bytes:
    """Three tiers of which `tiers` have these changes, and a last resource each."""
    wanted, files = set(changes), dict[str, Any]()
    templates = {
        tier: _changed(project, tier, wanted, files) if tier in tiers else _tier(project, tier) for tier in TIERS
    }
    return _bundle(project, templates, files)


def broken_expression(project: str, tier: str) -> bytes:
    """A tier whose one new resource has an expression that only ARM, who knows the group, can tell to be wrong."""
    wrong = workspace(last_resource(project, tier)) | {"tags": {"part": "[substring(resourceGroup().name, 0, 500)]"}}
    contents = {each: _tier(project, each) + ([wrong] if each == tier else []) for each in TIERS}
    return _bundle(project, contents)


def many_resources(project: str, templates: int, each: int, *, with_last: bool) -> bytes:
    """`templates` templates side by side of `each` new resources, the last template with a last resource."""
    names = [f"part{number}" for number in range(templates)]
    contents = {name: [workspace(f"log-{project}-{name}-{number}") for number in range(each)] for name in names}
    if with_last:
        contents["end"] = [workspace(last_resource(project, "end"))]
    items: list[dict[str, Any]] = [{"name": name, "path": f"{name}.json"} for name in names]
    if with_last:
        items.append({"name": "end", "path": "end.json", "dependsOn": names})
    files = {f"{name}.json": template(resources) for name, resources in contents.items()}
    return zipped({"manifest.json": manifest(project, items), **files})


def _bundle(project: str, templates: dict[str, list[Resource]], files: dict[str, Any] | None = None) -> bytes:
    names = list(templates)
    items = [
        {"name": name, "path": f"{name}.json", "dependsOn": names[:number][-1:]} for number, name in enumerate(names)
    ]
    contents = {f"{name}.json": template(resources) for name, resources in templates.items()}
    return zipped({"manifest.json": manifest(project, items), **contents, **(files or {})})


def _tier(project: str, tier: str) -> list[Resource]:
    return [_workspace(project, tier), *_bus(project, tier, "first")]


def _workspace(project: str, tier: str, **properties: Any) -> Resource:
    made = workspace(f"log-{project}-{tier}") | {"tags": {"tier": tier, "version": "1"}}
    return {**made, "properties": {**made["properties"], **properties}}


def _bus(project: str, tier: str, *queues: str, **parts: Any) -> list[Resource]:
    name = f"bus-{project}-{tier}"
    namespace = {
        "type": BUS,
        "apiVersion": BUS_VERSION,
        "name": name,
        "location": "eastus2",
        "tags": {"tier": tier},
        "sku": {"name": "Standard"},
        **parts,
    }
    return [namespace, *(_queue(name, queue) for queue in queues)]


def _queue(namespace: str, name: str, **properties: Any) -> Resource:
    return {
        "type": f"{BUS}/queues",
        "apiVersion": BUS_VERSION,
        "name": f"{namespace}/{name}",
        "dependsOn": [f"[resourceId('{BUS}', '{namespace}')]"],
        "properties": {"maxDeliveryCount": 10, **properties},
    }


def _changed(project: str, tier: str, changes: set[Change], files: dict[str, Any]) -> list[Resource]:
    """The tier's second version; a linked template that it needs goes into `files`."""
    retention = 60 if Change.CHANGED in changes else 30
    log = _workspace(project, tier, retentionInDays=retention)
    bus = _bus(project, tier, "first")
    if Change.CHANGED in changes:
        bus[1] = _queue(f"bus-{project}-{tier}", "first", maxDeliveryCount=5)
    if Change.TAGGED in changes:
        log["tags"] = {"tier": tier, "version": "2", "owner": "somebody"}
        bus[0]["tags"] = {}
    resources = [*bus] if Change.REMOVED in changes else [log, *bus]
    if Change.ADDED in changes:
        resources.append(_queue(f"bus-{project}-{tier}", "second"))
        resources += _bus(f"{project}-more", tier, "first")
        resources.append(workspace(f"log-{project}-{tier}-more"))
        resources.append(_vault(project, tier))
    if Change.LINKED in changes:
        files[f"{tier}-linked.json"] = template([workspace(f"log-{project}-{tier}-linked")])
        resources.append(_link(f"{project}-{tier}-linked", f"{tier}-linked.json"))
    return [*resources, _last(project, tier, resources)]


def _vault(project: str, tier: str) -> Resource:
    """A key vault, whose name stays taken when it is deleted and not purged."""
    return {
        "type": "Microsoft.KeyVault/vaults",
        "apiVersion": "2023-07-01",
        "name": vault_name(project, tier),
        "location": "eastus2",
        "properties": {
            "tenantId": "[subscription().tenantId]",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        },
    }


def _link(name: str, path: str) -> Resource:
    return {
        "type": DEPLOYMENTS,
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": {"mode": "Incremental", "templateLink": {"relativePath": path}},
    }


def _last(project: str, tier: str, others: list[Resource]) -> Resource:
    made = workspace(last_resource(project, tier))
    return made | {"dependsOn": [_reference(each) for each in others]}


def _reference(resource: Resource) -> str:
    names = ", ".join(f"'{name}'" for name in str(resource["name"]).split("/"))
    return f"[resourceId('{resource['type']}', {names})]"
