"""Which template comes after which: as the manifest says, and as follows from what templates create and name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from armature.graph import cycles, would_close_a_cycle
from armature.manifest import BundleKind, Manifest, TemplateEntry
from armature.options import AssemblyOrder
from armature.problems import Problem, ProblemCode, Severity
from armature.shape import problem_at
from armature.templates.names import ResourceName
from armature.templates.reading import JsonDocument


@dataclass(frozen=True)
class Contents:
    """What the templates of one entry, linked ones included, create and name, as far as it can be told.

    `resource_groups` are the names of those that they create, as they spell them; `other_groups` those that linked
    deployments go into by name, which is not where the template itself goes.
    """

    defined: frozenset[ResourceName] = frozenset()
    named: frozenset[ResourceName] = frozenset()
    resource_groups: tuple[str, ...] = ()
    other_groups: frozenset[str] = frozenset()

    @property
    def needed(self) -> frozenset[ResourceName]:
        """What has to come from elsewhere: what is named, and the parents of what is defined."""
        return (self.named | {parent for child in self.defined for parent in _parents(child)}) - self.defined

    def creates(self, group: str) -> bool:
        """True when they create the resource group of that name, letter case aside."""
        return group.lower() in {name.lower() for name in self.resource_groups}


@dataclass(frozen=True)
class Order:
    """For each template the templates that come before it, in the manifest's order; problems that leave none."""

    edges: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...] = ()


@dataclass
class _Edges:
    """The edges while they are found. Names are those of the manifest."""

    manifest: Manifest
    before: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = {entry.name: set() for entry in self.manifest.templates}

    def add_unless_cyclic(self, name: str, earlier: str) -> bool:
        """Put `earlier` before `name`; False, and nothing is put, when it already comes after it."""
        if name != earlier and would_close_a_cycle(self.before, name, earlier):
            return False
        self.before[name].add(earlier)
        return True

    def ordered(self) -> dict[str, tuple[str, ...]]:
        names = list(self.before)
        return {name: tuple(sorted(before, key=names.index)) for name, before in self.before.items()}


def order_of(
    manifest: Manifest,
    document: JsonDocument,
    contents: Mapping[str, Contents],
    group_of: Callable[[TemplateEntry], str | None],
    assembly_order: AssemblyOrder,
    subscription_of: Callable[[TemplateEntry], str | None] = lambda _: None,
) -> Order:
    """The order of a manifest's templates.

    `contents` is by template name; `group_of` tells the resource group that a template goes into, `subscription_of` the
    subscription, and both nothing where there is none, or it can't be told. What the manifest
    says is kept, cycles included, which are reported; what is only inferred never makes a cycle.
    """
    edges = _Edges(manifest)
    if manifest.kind is BundleKind.ASSEMBLY and assembly_order is AssemblyOrder.LISTED:
        names = list(edges.before)
        for earlier, name in pairwise(names):
            edges.before[name].add(earlier)
        return Order(edges.ordered())
    _add_declared(edges)
    problems = [_cycle_problem(cycle, manifest, document) for cycle in cycles(edges.before)]
    if not problems:
        _add_group_creators(edges, contents, group_of, subscription_of)
        if manifest.kind is BundleKind.ASSEMBLY:
            problems += _add_named(edges, contents, document)
    return Order(edges.ordered(), tuple(problems))


def _add_declared(edges: _Edges) -> None:
    name_of = {entry.name.lower(): entry.name for entry in edges.manifest.templates}
    for entry in edges.manifest.templates:
        sources = [source.output.partition(".")[0] for source in entry.parameters.values() if source.output]
        known = [name_of[other.lower()] for other in (*entry.depends_on, *sources) if other.lower() in name_of]
        edges.before[entry.name].update(known)


def _add_group_creators(
    edges: _Edges,
    contents: Mapping[str, Contents],
    group_of: Callable[[TemplateEntry], str | None],
    subscription_of: Callable[[TemplateEntry], str | None],
) -> None:
    """A template that creates a resource group comes before those that are deployed into it."""
    for entry in edges.manifest.templates:
        group, others = group_of(entry), contents[entry.name].other_groups
        for creator in edges.manifest.templates:
            content = contents[creator.name]
            is_its_own = group is not None and content.creates(group)
            is_its_own = is_its_own and may_be_one_subscription(subscription_of(creator), subscription_of(entry))
            if creator.name != entry.name and (is_its_own or any(content.creates(other) for other in others)):
                edges.add_unless_cyclic(entry.name, creator.name)


def may_be_one_subscription(one: str | None, other: str | None) -> bool:
    """False when both are known and differ: what a template of a management group or the tenant creates can lie in
    any."""
    return one is None or other is None or one.lower() == other.lower()


def _add_named(edges: _Edges, contents: Mapping[str, Contents], document: JsonDocument) -> list[Problem]:
    """A stack that names a resource which another defines comes after it; of two that name each other, as listed."""
    warnings = []
    for name, content in contents.items():
        for other, others in contents.items():
            if other == name or other in edges.before[name]:
                continue
            needed = content.needed & others.defined
            if needed and not edges.add_unless_cyclic(name, other):
                entry = next(entry for entry in edges.manifest.templates if entry.name == name)
                kind, resource = min(needed)
                warnings.append(
                    problem_at(
                        document,
                        entry.pointer,
                        ProblemCode.DEPENDENCY_CYCLE,
                        f"{name} names {kind} {resource} of {other}, which itself has to come after {name}.",
                        f"{name} is deployed first and tried again if it fails for that; better, move the resource.",
                        severity=Severity.WARNING,
                        of_name=True,
                    )
                )
    return warnings


def _cycle_problem(cycle: list[str], manifest: Manifest, document: JsonDocument) -> Problem:
    """The problem of templates that wait for one another, told at the first of them."""
    entry = next(entry for entry in manifest.templates if entry.name == cycle[0])
    if len(cycle) == 2:
        words = f"{cycle[0]} depends on itself."
    else:
        words = f"Templates wait for one another: {' before '.join(cycle)}."
    return problem_at(
        document,
        entry.pointer,
        ProblemCode.DEPENDENCY_CYCLE,
        words,
        "Remove one of these dependencies (an output that a parameter takes is one too), or move what is shared into a "
        "template of its own.",
    )


def _parents(resource: ResourceName) -> list[ResourceName]:
    """The resources that one is a child of: of `a/vnets/subnets` `net/one`, `a/vnets` `net`."""
    (namespace, *types), names = resource[0].split("/"), resource[1].split("/")
    if len(types) != len(names):
        return []
    return [("/".join((namespace, *types[:count])), "/".join(names[:count])) for count in range(1, len(names))]
