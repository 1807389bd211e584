"""What keeps a bundle from being deployed by one root template, or is otherwise than when Armature schedules: told when
the bundle is checked, before anything is touched."""

from collections.abc import Iterator, Mapping
from typing import Any

from armature.bundle import Bundle
from armature.delivery import bundle_reader, inlined_template
from armature.options import Delivery, Options, Scheduling
from armature.plan import ParameterBinding, Plan, PlannedTemplate
from armature.problems import Problem, ProblemCode, Severity
from armature.root_template import Child, order_within, root_of, root_scope, size_of
from armature.templates.inlining import LOCATION, InliningError
from armature.templates.limits import MAX_NESTED_LEVELS, MAX_PARAMETERS, MAX_RESOURCES, MAX_TEMPLATE_BYTES

_BY_GRAPH = "Deploy it with `strategy: graph`, which puts each template by itself."
_STRATEGY = "/options/strategy"
_PAPER = "https://artifacts.invalid/"
_ADDRESS = f"{_PAPER}{'x' * 120}"
"""Stands for the address of a package, or of a container of templates, as long as any is."""


def root_problems(plan: Plan, options: Options, levels: Mapping[str, int], bundle: Bundle) -> Iterator[Problem]:
    """The problems of a plan that is to be deployed by a root. `levels` are how many levels of nested deployments each
    template has below it."""
    yield from _limit_problems(plan, options, bundle)
    for template in plan.templates:
        deepest = levels.get(template.name, 0) + 1
        if deepest > MAX_NESTED_LEVELS:
            yield _refusal(
                f"In the root template, what {template.name} links to is nested {deepest} levels deep: Azure Resource "
                f"Manager takes {MAX_NESTED_LEVELS}.",
                template.path,
            )
    yield from _warnings(plan, options)


def _limit_problems(plan: Plan, options: Options, bundle: Bundle) -> Iterator[Problem]:
    if len(plan.templates) > MAX_RESOURCES:
        yield _refusal(
            f"The root template would hold {len(plan.templates)} templates: Azure Resource Manager takes "
            f"{MAX_RESOURCES} resources."
        )
        return
    try:
        children = list(_children(plan, options, bundle))
    except InliningError:
        return  # told where inlining is checked
    root = root_of(root_scope(plan), children, "x" * 600)
    if len(root.parameters) > MAX_PARAMETERS:
        yield _refusal(
            f"The root template would need {len(root.parameters)} parameters for values that can't stand in it: Azure "
            f"Resource Manager takes {MAX_PARAMETERS}."
        )
    if (size := size_of(root)) > MAX_TEMPLATE_BYTES:
        yield _refusal(
            f"The root template would have {size:,} bytes: Azure Resource Manager takes {MAX_TEMPLATE_BYTES:,}."
        )


def _children(plan: Plan, options: Options, bundle: Bundle) -> Iterator[Child]:
    """The children of the root, with what is only known when it is deployed as long as it will be."""
    order = order_within(
        plan, [template.name for template in plan.templates], options.scheduling, is_parallel=options.parallel
    )
    read = bundle_reader(bundle)
    for template in plan.templates:
        outputs = {name: b.output for name, b in template.parameters.items() if b.output is not None}
        arguments = {name: _on_paper(b) for name, b in template.parameters.items() if name not in outputs}
        content = None
        if options.delivery is Delivery.INLINE:
            content = inlined_template(template, read, arguments, location=LOCATION, unknown=outputs)
        yield Child(
            template=template,
            depends_on=order[template.name],
            tags={**options.tags, "armature-deployment-id": plan.deployment_id, "armature-attempt": "1"},
            arguments=arguments,
            secrets=frozenset(name for name in template.secure_parameters if "value" in arguments.get(name, {})),
            outputs=outputs,
            link=f"{_ADDRESS}/{template.path}",
            content=content,
        )


def _on_paper(binding: ParameterBinding) -> dict[str, Any]:
    if binding.reference is not None:
        return {"reference": binding.reference}
    return {"value": f"{_ADDRESS}/{binding.package}" if binding.package is not None else binding.value}


def _warnings(plan: Plan, options: Options) -> Iterator[Problem]:
    widest = max((sum(t.tier == template.tier for t in plan.templates) for template in plan.templates), default=0)
    if options.parallel and widest > options.max_concurrency:
        yield _warning(
            f"Azure starts up to {widest} templates at once: with `strategy: root` maxConcurrency holds for uploads.",
            "Leave it so, set `parallel` to false, or deploy with `strategy: graph`.",
        )
    for template in plan.templates:
        waiting = _waiting_for(plan, template, options)
        if template.uses_packages and waiting:
            yield _warning(
                f"Azure starts {', '.join(waiting)} once {template.name} is deployed, also before its packages are "
                "attached.",
                "If one needs the running package, deploy with `strategy: graph`.",
                template.path,
            )


def _waiting_for(plan: Plan, template: PlannedTemplate, options: Options) -> list[str]:
    if options.scheduling is Scheduling.TIER:
        return [other.name for other in plan.templates if other.tier == template.tier + 1]
    return [other.name for other in plan.templates if template.name in other.depends_on]


def _refusal(message: str, file: str = "") -> Problem:
    return Problem(ProblemCode.STRATEGY_UNFIT, message, _BY_GRAPH, file, "" if file else _STRATEGY)


def _warning(message: str, next_step: str, file: str = "") -> Problem:
    pointer = "" if file else _STRATEGY
    return Problem(ProblemCode.STRATEGY_UNFIT, message, next_step, file, pointer, severity=Severity.WARNING)
