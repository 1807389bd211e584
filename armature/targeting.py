"""Where each template goes: scope, resource group and location, from the manifest, the request and the templates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from armature.manifest import Manifest, TemplateEntry
from armature.ordering import Contents, may_be_one_subscription
from armature.plan import DeploymentScopeTarget
from armature.problems import Problem, ProblemCode
from armature.request import DeploymentRequest, Target
from armature.shape import problem_at
from armature.templates.reading import JsonDocument, pointer_to
from armature.templates.template import DeploymentScope, Template, schema_of


@dataclass(frozen=True)
class Targeting:
    """Answers where a template of `manifest` goes. `target` is None when a bundle is checked without a request."""

    manifest: Manifest
    document: JsonDocument
    templates: Mapping[str, Template | None]
    contents: Mapping[str, Contents]
    target: Target | None = None

    def resource_group(self, entry: TemplateEntry) -> str | None:
        """The resource group of a template that goes into one; None for others, and where it can't be told.

        In this order: what the request says for this template, what the region says, what the template says, the
        request's target, the only group that the bundle itself names or creates.
        """
        template = self.templates.get(entry.name)
        if template is None or template.scope is not DeploymentScope.RESOURCE_GROUP:
            return None
        chosen = {name.lower(): group for name, group in self.target.resource_groups.items()} if self.target else {}
        default = self.target.resource_group if self.target else None
        found = chosen.get(entry.name.lower()) or self._named_group(entry) or default
        if found:
            return found
        groups = self._groups_of_the_bundle()
        return groups[0] if len(groups) == 1 else None

    def subscription(self, entry: TemplateEntry) -> str | None:
        """The subscription that a template goes into; None for others, and where it can't be told."""
        template = self.templates.get(entry.name)
        if template is None or template.scope in (DeploymentScope.MANAGEMENT_GROUP, DeploymentScope.TENANT):
            return None
        named = entry.scope.subscription if entry.scope else None
        return named or (self.target.subscription if self.target else None)

    def scope(self, entry: TemplateEntry) -> DeploymentScopeTarget | None:
        """What a template is deployed to; None where it can't be told (`problems` says why)."""
        template = self.templates.get(entry.name)
        if template is None or self.target is None:
            return None
        match template.scope:
            case DeploymentScope.TENANT:
                return DeploymentScopeTarget()
            case DeploymentScope.MANAGEMENT_GROUP:
                above = self._management_group(entry)
                return DeploymentScopeTarget(management_group=above) if above else None
            case DeploymentScope.SUBSCRIPTION:
                return DeploymentScopeTarget(subscription=self.subscription(entry))
        group = self.resource_group(entry)
        return DeploymentScopeTarget(subscription=self.subscription(entry), resource_group=group) if group else None

    def creates(self, group: str, subscription: str | None) -> bool:
        """True when a template of the bundle creates the resource group of that name in that subscription."""
        return any(
            content.creates(group) and may_be_one_subscription(self.subscription(entry), subscription)
            for entry in self.manifest.templates
            if (content := self.contents.get(entry.name)) is not None
        )

    def problems(self) -> Iterator[Problem]:
        """Scopes that do not fit or are not deployed to, and targets that are left open."""
        for entry in self.manifest.templates:
            template = self.templates.get(entry.name)
            if template is not None:
                yield from self._scope_problems(entry, template)
        if self.target is None:
            return
        names = {entry.name.lower() for entry in self.manifest.templates}
        names |= {name.lower() for name in self.manifest.names_in_doubt}
        for name in self.target.resource_groups:
            if name.lower() not in names:
                yield Problem(
                    ProblemCode.TARGET_INCOMPLETE,
                    f"The target names a resource group for {name!r}, which the bundle does not hold.",
                    f"Name one of: {', '.join(entry.name for entry in self.manifest.templates)}.",
                    pointer=pointer_to("target", "resourceGroups", name),
                )
        yield from self._open_targets()
        yield from self._open_management_groups()

    def _groups_of_the_bundle(self) -> list[str]:
        """The groups that the bundle names or creates, each once, letter case aside."""
        named = [group for entry in self.manifest.templates if (group := self._named_group(entry))]
        created = [group for content in self.contents.values() for group in content.resource_groups]
        return list({group.lower(): group for group in reversed((*created, *named))}.values())[::-1]

    def _named_group(self, entry: TemplateEntry) -> str | None:
        """The resource group that the manifest names for a template, in the region if it is for one."""
        region = self.manifest.regions.get(self.manifest.region) if self.manifest.region else None
        return (region.group_of(entry.name) if region else None) or entry.resource_group

    def _management_group(self, entry: TemplateEntry) -> str | None:
        """The management group of a template for one: the manifest's, else the request's."""
        named = entry.scope.management_group if entry.scope else None
        return named or (self.target.management_group if self.target else None)

    def _scope_problems(self, entry: TemplateEntry, template: Template) -> Iterator[Problem]:
        if entry.scope is not None and entry.scope.kind is not template.scope:
            schema, what = schema_of(entry.scope.kind), _WORDS[entry.scope.kind]
            yield problem_at(
                self.document,
                f"{entry.pointer}/scope",
                ProblemCode.SCOPE_MISMATCH,
                f"{entry.name} is a template for {_WORDS[template.scope]} (by its $schema), but its scope is {what}.",
                f"Write {_EXAMPLES[template.scope]} as the scope, or let the template have the schema {schema}.",
            )

    def _open_management_groups(self) -> Iterator[Problem]:
        """Templates for a management group of which nobody says which."""
        for entry in self.manifest.templates:
            template = self.templates.get(entry.name)
            if template is None or template.scope is not DeploymentScope.MANAGEMENT_GROUP:
                continue
            if entry.scope is None and self._management_group(entry) is None:
                yield problem_at(
                    self.document,
                    entry.pointer,
                    ProblemCode.TARGET_INCOMPLETE,
                    f"It is open which management group is meant for {entry.name}.",
                    f"Write {_EXAMPLES[template.scope]} as its scope, or set target.managementGroup (on the command "
                    "line: --management-group).",
                )

    def _open_targets(self) -> Iterator[Problem]:
        """Templates for a resource group of which nobody says which."""
        entries = [
            entry
            for entry in self.manifest.templates
            if (template := self.templates.get(entry.name)) is not None
            and template.scope is DeploymentScope.RESOURCE_GROUP
            and self.resource_group(entry) is None
        ]
        if not entries:
            return
        names, groups = ", ".join(entry.name for entry in entries), self._groups_of_the_bundle()
        found = f"the bundle has several: {', '.join(groups)}" if groups else "neither request nor bundle names one"
        example = ", ".join(f'"{entry.name}": "{_likely(entry.name, groups)}"' for entry in entries)
        yield problem_at(
            self.document,
            entries[0].pointer,
            ProblemCode.TARGET_INCOMPLETE,
            f"It is open which resource group is meant for {names}: {found}.",
            f"Set target.resourceGroups, such as {{{example}}}, or target.resourceGroup for all (on the command line: "
            "--stack-resource-group STACK=GROUP, --resource-group).",
        )


_WORDS = {
    DeploymentScope.RESOURCE_GROUP: "a resource group",
    DeploymentScope.SUBSCRIPTION: "a subscription",
    DeploymentScope.MANAGEMENT_GROUP: "a management group",
    DeploymentScope.TENANT: "the tenant",
}
_EXAMPLES = {
    DeploymentScope.RESOURCE_GROUP: '{"resourceGroup": "GROUP"}',
    DeploymentScope.SUBSCRIPTION: '{"subscription": "ID"} (or nothing)',
    DeploymentScope.MANAGEMENT_GROUP: '{"managementGroup": "ID"}',
    DeploymentScope.TENANT: '{"tenant": true} (or nothing)',
}


def _likely(name: str, groups: list[str]) -> str:
    """The group that has a template's name in its own, else a place to write one."""
    return next((group for group in groups if name.lower() in group.lower()), "GROUP")


def location_of(manifest: Manifest, request: DeploymentRequest | None, default: str | None) -> str | None:
    """The region of a deployment: the request's, else the manifest's, else the app's default."""
    return (request.target.location if request else None) or manifest.location or default
