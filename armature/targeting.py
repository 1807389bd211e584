"""Where each template goes: scope, resource group and location, from the manifest, the request and the templates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from armature.manifest import Manifest, TemplateEntry
from armature.ordering import Contents
from armature.plan import DeploymentScopeTarget
from armature.problems import Problem, ProblemCode
from armature.request import DeploymentRequest, Target
from armature.shape import problem_at
from armature.templates.reading import JsonDocument, pointer_to
from armature.templates.template import DeploymentScope, Template


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

        In this order: what the request says for this template, what the manifest says, the request's target, the only
        group that the bundle itself names or creates.
        """
        template = self.templates.get(entry.name)
        if template is None or template.scope is not DeploymentScope.RESOURCE_GROUP:
            return None
        chosen = {name.lower(): group for name, group in self.target.resource_groups.items()} if self.target else {}
        found = chosen.get(entry.name.lower()) or entry.resource_group or (self.target and self.target.resource_group)
        if found:
            return found
        groups = self._groups_of_the_bundle()
        return groups[0] if len(groups) == 1 else None

    def scope(self, entry: TemplateEntry) -> DeploymentScopeTarget | None:
        """What a template is deployed to; None where it can't be told (`problems` says why)."""
        template = self.templates.get(entry.name)
        if template is None or self.target is None:
            return None
        if template.scope is DeploymentScope.SUBSCRIPTION:
            return DeploymentScopeTarget(subscription=self.target.subscription)
        group = self.resource_group(entry)
        return DeploymentScopeTarget(subscription=self.target.subscription, resource_group=group) if group else None

    def creates(self, group: str) -> bool:
        """True when a template of the bundle creates that resource group."""
        return any(content.creates(group) for content in self.contents.values())

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

    def _groups_of_the_bundle(self) -> list[str]:
        """The groups that the bundle names or creates, each once, letter case aside."""
        named = [entry.resource_group for entry in self.manifest.templates if entry.resource_group]
        created = [group for content in self.contents.values() for group in content.resource_groups]
        return list({group.lower(): group for group in reversed((*created, *named))}.values())[::-1]

    def _scope_problems(self, entry: TemplateEntry, template: Template) -> Iterator[Problem]:
        if template.scope in (DeploymentScope.MANAGEMENT_GROUP, DeploymentScope.TENANT):
            what = "a management group" if template.scope is DeploymentScope.MANAGEMENT_GROUP else "the tenant"
            yield problem_at(
                template.document,
                "/$schema",
                ProblemCode.SCOPE_UNSUPPORTED,
                f"{entry.name} is a template for {what}; resource groups and subscriptions are deployed to.",
                "Deploy it with az deployment, and leave the rest in the bundle.",
            )
        elif template.scope is DeploymentScope.SUBSCRIPTION and entry.resource_group:
            yield problem_at(
                self.document,
                f"{entry.pointer}/scope",
                ProblemCode.SCOPE_MISMATCH,
                f"{entry.name} is a subscription template (by its $schema), but its scope is a resource group.",
                "Remove the scope, or use the schema deploymentTemplate.json.",
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


def _likely(name: str, groups: list[str]) -> str:
    """The group that has a template's name in its own, else a place to write one."""
    return next((group for group in groups if name.lower() in group.lower()), "GROUP")


def location_of(manifest: Manifest, request: DeploymentRequest | None, default: str | None) -> str | None:
    """The region of a deployment: the request's, else the manifest's, else the app's default."""
    return (request.target.location if request else None) or manifest.location or default
