"""Which previous versions a rollback deploys again, and as what: the plan of its rollout."""

from collections.abc import Iterable, Mapping

from armature.graph import tiers
from armature.plan import Plan, deployment_name
from armature.state import TemplateState


def started(templates: Iterable[TemplateState]) -> tuple[str, ...]:
    """The templates that were handed to ARM, in this run or an earlier one, whatever became of them."""
    return tuple(template.name for template in templates if template.attempt > 0 or template.starts > 0)


def plan_of_rollback(plan: Plan, predecessor: Plan, names: Iterable[str], number: int) -> Plan:
    """The plan that deploys the predecessor's versions of the templates `names` again, as far as it has them.

    Templates wait for those of them that they, directly or through others, depended on.
    """
    chosen = {template.name for template in predecessor.templates} & set(names)
    before = {template.name: set(template.depends_on) for template in predecessor.templates}
    edges = {name: _nearest(name, chosen, before) for name in chosen}
    tier_of = tiers(edges)
    templates = [
        template.model_copy(
            update={
                "tier": tier_of[template.name],
                "depends_on": tuple(sorted(edges[template.name])),
                "deployment_name": rollback_name(template.name, plan.deployment_id, number, plan.name_prefix),
            }
        )
        for template in predecessor.templates
        if template.name in chosen
    ]
    return predecessor.model_copy(
        update={
            "deployment_id": plan.deployment_id,
            "predecessor": predecessor.deployment_id,
            "name_prefix": plan.name_prefix,
            "resource_groups_to_ensure": (),
            "templates": tuple(sorted(templates, key=lambda template: template.tier)),
        }
    )


def rollback_name(template: str, deployment_id: str, number: int, prefix: str | None = None) -> str:
    """The ARM deployment's name of a template in the nth rollback of a deployment, whose names begin with `prefix`."""
    return deployment_name(template, f"{deployment_id}.r{number}", prefix)


def number_of(templates: Iterable[TemplateState], deployment_id: str, number: int, prefix: str | None = None) -> int:
    """The number of the rollback that shows these templates: `number`, or the one before it."""
    is_present = all(t.deployment_name == rollback_name(t.name, deployment_id, number, prefix) for t in templates)
    return number if is_present else number - 1


def _nearest(name: str, chosen: set[str], before: Mapping[str, set[str]]) -> set[str]:
    """The chosen templates that come before `name` with none of the chosen in between."""
    found, seen, waiting = set[str](), set[str](), list(before[name])
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in chosen:
            found.add(current)
        else:
            waiting += before.get(current, ())
    return found
