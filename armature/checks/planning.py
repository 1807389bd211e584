"""Which checks a deployment gets, and in which batches they are made: a batch is one activity, whatever is in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from armature.checks.declared import (
    EndpointDeclaration,
    FunctionAppDeclaration,
    PropertyDeclaration,
    Severity,
    ValidationSection,
)
from armature.checks.model import CheckKind, CheckState
from armature.models import Model
from armature.plan import Plan

SITE_ID = re.compile(r"/providers/Microsoft\.Web/sites/(?P<name>[^/]+(/slots/[^/]+)?)$", re.IGNORECASE)
_CONTENT_ID = re.compile(
    r"^(?P<site>.+/providers/Microsoft\.Web/sites/[^/]+(/slots/[^/]+)?)/extensions/(onedeploy|zipdeploy|msdeploy)$",
    re.IGNORECASE,
)
_GROUP = re.compile(r"^/subscriptions/[^/]+/resourceGroups/(?P<name>[^/]+)", re.IGNORECASE)
_NOT_READ = re.compile(
    r"/providers/(Microsoft\.Resources/deployments/[^/]+"
    r"|Microsoft\.Web/sites/[^/]+(/slots/[^/]+)?/(config|extensions)/[^/]+"
    r"|Microsoft\.KeyVault/vaults/[^/]+/accessPolicies/[^/]+)$",
    re.IGNORECASE,
)
"""What a template writes as if it were a resource, and no provider lets anybody read under that id: what it belongs to
is checked in its place. Deployments inside of deployments tell of their resources themselves."""

MAX_BATCHES = 64
"""Of one deployment, so that its history does not grow with the target: a batch grows instead."""

PATIENCE_WITH_ARM = 60
"""Seconds of warm-up, where the manifest does not say, for what only Azure Resource Manager is asked: its reads lag
behind its writes by seconds, and nothing warms up."""

_IN_A_BATCH = {
    CheckKind.RESOURCE: 50,
    CheckKind.PROPERTY: 25,
    CheckKind.HEALTH: 8,
    CheckKind.FUNCTION_APP: 8,
    CheckKind.ENDPOINT: 4,
}
"""What takes about as long as another batch: a read of ARM a fifth of a second, an endpoint up to half a minute."""


class Check(Model):
    """One check to make, in batch number `batch`. `kind` says which of the fields it has.

    `resource_id` is what it looks at: a resource, an app, or (health) a resource group; None of a property whose
    resource an output names, and of what is not among what was deployed. `warm_up_seconds` is for how long what is not
    good is looked at again.
    """

    key: str
    kind: CheckKind
    subject: str
    batch: int = 0
    template: str | None = None
    resource_id: str | None = None
    warm_up_seconds: int = 0
    endpoint: EndpointDeclaration | None = None
    expectation: PropertyDeclaration | None = None
    functions: tuple[str, ...] = ()
    expects_content: bool = False
    severity: Severity = "fail"

    def state(self) -> CheckState:
        """The check before it was made."""
        return CheckState(key=self.key, kind=self.kind, subject=self.subject, template=self.template)


class ChecksDocument(Model):
    """All checks of one run of a deployment, written once."""

    run: int = 1
    checks: tuple[Check, ...] = ()

    def batch(self, number: int) -> tuple[Check, ...]:
        """The checks of one batch."""
        return tuple(check for check in self.checks if check.batch == number)

    @property
    def batches(self) -> int:
        """How many there are."""
        return max((check.batch for check in self.checks), default=-1) + 1

    @property
    def longest_warm_up(self) -> int:
        """Seconds after which nothing is looked at again."""
        return max((check.warm_up_seconds for check in self.checks), default=0)

    def resources_in(self, group_id: str) -> tuple[str, ...]:
        """The ids of the deployed resources of a group."""
        start = f"{group_id.lower()}/"
        ids = (check.resource_id for check in self.checks if check.kind is CheckKind.RESOURCE)
        return tuple(id_ for id_ in ids if id_ and id_.lower().startswith(start))


class BatchResults(Model):
    """What has become of the checks of one batch, by key. What is final stays so."""

    checks: dict[str, CheckState] = {}


def planned_checks(
    plan: Plan, resources: Mapping[str, Iterable[str]], outputs: Mapping[str, Any], warm_up_seconds: int
) -> tuple[Check, ...]:
    """The checks of a deployment whose templates have reported these resources, in batches.

    `outputs` are the values of those that name function apps, by TEMPLATE.OUTPUT. Every resource must exist, every app
    run, every resource group's health be good; then what the manifest declares.
    """
    section = plan.validation or ValidationSection()
    warm_up = warm_up_seconds if section.warm_up_seconds is None else section.warm_up_seconds
    template_of = _template_of(resources)
    reported = [id_ for ids in resources.values() for id_ in ids]
    of_arm = min(warm_up, PATIENCE_WITH_ARM) if section.warm_up_seconds is None else warm_up
    checks = [
        *_resource_checks(template_of, of_arm),
        *_site_checks(plan, _declared_apps(section, outputs), template_of, reported, warm_up),
        *_health_checks(template_of, section, warm_up),
        *(_property_check(each, template_of, of_arm) for each in section.resources),
        *(_endpoint_check(each, warm_up) for each in section.endpoints),
    ]
    return tuple(in_batches(_distinct(checks)))


def _distinct(checks: Iterable[Check]) -> Iterable[Check]:
    """Each check once, under a key of its own: several may look at the same and expect another thing of it."""
    found: dict[str, Check] = {}
    for check in checks:
        key, number = check.key, 1
        while key in found and found[key] != check.model_copy(update={"key": key}):
            number += 1
            key = f"{check.key}#{number}"
        found[key] = check.model_copy(update={"key": key})
    return found.values()


def in_batches(checks: Iterable[Check]) -> list[Check]:
    """The checks with the numbers of their batches: of one kind each, no more batches than `MAX_BATCHES`."""
    by_kind: dict[CheckKind, list[Check]] = {}
    for check in checks:
        by_kind.setdefault(check.kind, []).append(check)
    growth = 1
    while sum(-(-len(found) // (growth * _IN_A_BATCH[kind])) for kind, found in by_kind.items()) > MAX_BATCHES:
        growth += 1
    numbered: list[Check] = []
    batch = 0
    for kind, found in by_kind.items():
        size = growth * _IN_A_BATCH[kind]
        for start in range(0, len(found), size):
            numbered += [check.model_copy(update={"batch": batch}) for check in found[start : start + size]]
            batch += 1
    return numbered


def is_of_deployment(resource_id: str, plan: Plan, resources: Iterable[str]) -> bool:
    """Whether a resource is of those deployed, below one, or in a resource group that the plan deploys to.

    Of anything else the app tells nobody, whatever its own identity may read.
    """
    asked = f"{resource_id.lower()}/"
    if {".", ".."} & set(asked.split("/")):  # it leads elsewhere than it begins
        return False
    groups = [template.scope.resource_id for template in plan.templates if template.scope.resource_group]
    return any(asked.startswith(f"{known.lower()}/") for known in (*resources, *groups) if known)


def group_of(resource_id: str) -> str | None:
    """The id of the resource group that a resource is in, None when it is in none."""
    match = _GROUP.match(resource_id)
    return match.group() if match else None


def _template_of(resources: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, str]]:
    """Each resource that can be read once, by its id in lower case: the id, and the first template that reports it."""
    found: dict[str, tuple[str, str]] = {}
    for template, ids in resources.items():
        for id_ in ids:
            if not _NOT_READ.search(id_):
                found.setdefault(id_.lower(), (id_, template))
    return found


def _resource_checks(template_of: Mapping[str, tuple[str, str]], warm_up: int) -> Iterable[Check]:
    for key, (id_, template) in template_of.items():
        yield Check(
            key=f"resource:{key}",
            kind=CheckKind.RESOURCE,
            subject=_short(id_),
            template=template,
            resource_id=id_,
            warm_up_seconds=warm_up,
        )


def _site_checks(
    plan: Plan,
    declared: dict[str, FunctionAppDeclaration],
    template_of: Mapping[str, tuple[str, str]],
    reported: Iterable[str],
    warm_up: int,
) -> Iterable[Check]:
    attached = {app_key(each.function_app) for template in plan.templates for each in template.attachments}
    filled = {match["site"] for id_ in reported if (match := _CONTENT_ID.search(id_.lower()))}
    for key, (id_, template) in template_of.items():
        match = SITE_ID.search(id_)
        if match is None:
            continue
        name = app_key(match["name"])
        mine = declared.pop(name, None)
        yield Check(
            key=f"functionApp:{key}",
            kind=CheckKind.FUNCTION_APP,
            subject=match["name"],
            template=template,
            resource_id=id_,
            warm_up_seconds=warm_up if mine is None or mine.warm_up_seconds is None else mine.warm_up_seconds,
            functions=mine.functions if mine else (),
            expects_content=mine is not None or name in attached or key in filled,
        )
    for name, lost in declared.items():
        key = f"functionApp:{name}"
        yield Check(key=key, kind=CheckKind.FUNCTION_APP, subject=lost.called, functions=lost.functions)


def _declared_apps(section: ValidationSection, outputs: Mapping[str, Any]) -> dict[str, FunctionAppDeclaration]:
    """What is declared of function apps, by what their names are compared by."""
    found = {}
    for declared in section.function_apps:
        value = outputs.get(declared.output) if declared.output is not None else declared.name
        name = value if isinstance(value, str) and value else declared.called
        match = SITE_ID.search(name)
        found[app_key(match["name"] if match else name)] = declared
    return found


def app_key(name: str) -> str:
    """An app's name as it is compared; a slot is `APP/SLOT` in a manifest, `APP/slots/SLOT` in an id."""
    return name.lower().replace("/slots/", "/")


def _health_checks(
    template_of: Mapping[str, tuple[str, str]], section: ValidationSection, warm_up: int
) -> Iterable[Check]:
    if section.resource_health == "off":
        return
    groups = {match.group().lower(): match for id_, _ in template_of.values() if (match := _GROUP.match(id_))}
    for key, match in groups.items():
        yield Check(
            key=f"health:{key}",
            kind=CheckKind.HEALTH,
            subject=f"resource group {match['name']}",
            resource_id=match.group(),
            warm_up_seconds=warm_up,
            severity=section.resource_health,
        )


def _property_check(declared: PropertyDeclaration, template_of: Mapping[str, tuple[str, str]], warm_up: int) -> Check:
    id_ = declared.id or _resource_named(declared, template_of)
    named = declared.output or (f"{declared.type} {declared.name}" if declared.type else _short(id_ or ""))
    return Check(
        key=f"property:{declared.output or declared.id or f'{declared.template}:{named}'}:{declared.property}".lower(),
        kind=CheckKind.PROPERTY,
        subject=f"{named}: {declared.property}",
        template=declared.template or _template_in(declared.output),
        resource_id=id_,
        warm_up_seconds=warm_up,
        expectation=declared,
    )


def _resource_named(declared: PropertyDeclaration, template_of: Mapping[str, tuple[str, str]]) -> str | None:
    """The resource of that type and name among those of the template."""
    if declared.template is None or declared.type is None or declared.name is None:
        return None
    for id_, template in template_of.values():
        is_of_template = template.lower() == declared.template.lower()
        if is_of_template and _type_and_name(id_) == (declared.type.lower(), declared.name.lower()):
            return id_
    return None


def _type_and_name(id_: str) -> tuple[str, str]:
    segments = id_.lower().rpartition("/providers/")[2].split("/")
    return "/".join([segments[0], *segments[1::2]]), segments[-1]


def _endpoint_check(declared: EndpointDeclaration, warm_up: int) -> Check:
    subject = f"{declared.uri or declared.output}{declared.path or ''}".partition("?")[0]
    parts: tuple[Any, ...] = (declared.method, declared.uri or declared.output, declared.path or "", declared.expected)
    return Check(
        key=":".join(["endpoint", *map(str, parts)]),
        kind=CheckKind.ENDPOINT,
        subject=subject,
        template=_template_in(declared.output),
        warm_up_seconds=warm_up if declared.warm_up_seconds is None else declared.warm_up_seconds,
        endpoint=declared,
    )


def _template_in(output: str | None) -> str | None:
    return output.partition(".")[0] if output else None


def _short(id_: str) -> str:
    """A resource as people call it: its type and names."""
    segments = id_.rpartition("/providers/")[2].split("/")
    if "/providers/" not in id_:
        return id_.rpartition("/")[2]
    return f"{'/'.join([segments[0], *segments[1::2]])} {'/'.join(segments[2::2])}"
