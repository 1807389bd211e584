"""Which policies hold for a write, and the refusal of what one of them denies.

Sources: https://learn.microsoft.com/azure/governance/policy/concepts/assignment-structure, and for the wording
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-policy-requestdisallowedbypolicy.
`audit`, `append`, `modify` and the other effects are accepted and change nothing.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.arm.errors import ArmError
from emulator.arm.governance.policy.built_in import BUILT_IN_POLICIES
from emulator.arm.governance.policy.conditions import Evaluated, check_condition, holds, invalid_rule, resolve
from emulator.arm.governance.scopes import scopes_above
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.state import CloudState

ASSIGNMENT_TYPE = "Microsoft.Authorization/policyAssignments"
DEFINITION_TYPE = "Microsoft.Authorization/policyDefinitions"
SET_TYPE = "Microsoft.Authorization/policySetDefinitions"
EXEMPTION_TYPE = "Microsoft.Authorization/policyExemptions"
_OWN_TYPES = {kind.lower() for kind in (ASSIGNMENT_TYPE, DEFINITION_TYPE, SET_TYPE, EXEMPTION_TYPE)}


@dataclass(frozen=True)
class Rule:
    """One definition, as an assignment makes it hold."""

    assignment: Resource
    definition_id: str
    definition: Mapping[str, Any]
    parameters: Mapping[str, Any]


def check_definition(state: CloudState, resource: Resource) -> None:
    """Raise `ArmError` for a definition with a rule that can't be read, or an assignment of what does not exist."""
    kind, properties = resource.id.type.lower(), resource.properties
    if kind == DEFINITION_TYPE.lower():
        rule = properties.get("policyRule")
        if not isinstance(rule, Mapping) or "if" not in rule or "effect" not in (rule.get("then") or {}):
            raise invalid_rule("it must have 'if' and 'then.effect'")
        check_condition(rule["if"], properties.get("parameters") or {})
    elif kind == ASSIGNMENT_TYPE.lower():
        wanted = str(properties.get("policyDefinitionId", ""))
        if _definition(state, wanted) is None and _set(state, wanted) is None:
            name = wanted.rpartition("/")[2]
            raise ArmError(404, "PolicyDefinitionNotFound", f"The policy definition '{name}' could not be found.")


def check_policy(state: CloudState, resource: Resource) -> None:
    """Raise `ArmError` (403 RequestDisallowedByPolicy) when a policy that holds for the resource denies it."""
    if resource.id.type.lower() in _OWN_TYPES:
        return
    for rule in _rules(state, resource.id):
        made: list[Evaluated] = []
        body = rule.definition.get("policyRule") or {}
        effect = str(resolve((body.get("then") or {}).get("effect"), resource, rule.parameters)).lower()
        if effect == "deny" and _is_judged(rule, resource) and holds(body["if"], resource, rule.parameters, made):
            raise _denied(resource, rule, made)


def _is_judged(rule: Rule, resource: Resource) -> bool:
    """Policies of mode `Indexed` look only at what has a location and tags."""
    return str(rule.definition.get("mode", "All")).lower() != "indexed" or "location" in resource.document


def _rules(state: CloudState, resource_id: ResourceId) -> Iterator[Rule]:
    for scope in scopes_above(state, resource_id):
        for assignment in state.governing(scope, ASSIGNMENT_TYPE):
            if _is_enforced(state, assignment, resource_id):
                yield from _rules_of(state, assignment)


def _is_enforced(state: CloudState, assignment: Resource, resource_id: ResourceId) -> bool:
    properties = assignment.properties
    if str(properties.get("enforcementMode", "Default")).lower() == "donotenforce":
        return False
    if any(resource_id.is_within(ResourceId.parse(text)) for text in properties.get("notScopes") or ()):
        return False
    return not any(
        str(exemption.properties.get("policyAssignmentId", "")).lower() == assignment.id.key
        for scope in scopes_above(state, resource_id)
        for exemption in state.governing(scope, EXEMPTION_TYPE)
    )


def _rules_of(state: CloudState, assignment: Resource) -> Iterator[Rule]:
    wanted = str(assignment.properties.get("policyDefinitionId", ""))
    given = assignment.properties.get("parameters")
    if definition := _definition(state, wanted):
        yield Rule(assignment, wanted, definition, _parameters(definition, given))
    elif initiative := _set(state, wanted):
        outer = _parameters(initiative, given)
        for member in initiative.get("policyDefinitions") or ():
            member_id = str(member.get("policyDefinitionId", ""))
            if definition := _definition(state, member_id):
                inner = {
                    name: {"value": resolve(entry.get("value"), assignment, outer)}
                    for name, entry in (member.get("parameters") or {}).items()
                }
                yield Rule(assignment, member_id, definition, _parameters(definition, inner))


def _parameters(definition: Mapping[str, Any], given: Any) -> dict[str, Any]:
    declared = definition.get("parameters") or {}
    defaults = {name: entry["defaultValue"] for name, entry in declared.items() if "defaultValue" in entry}
    return defaults | {name: entry.get("value") for name, entry in (given or {}).items()}


def _definition(state: CloudState, definition_id: str) -> Mapping[str, Any] | None:
    name = definition_id.rpartition("/")[2].lower()
    if f"/{DEFINITION_TYPE.lower()}/" not in definition_id.lower():
        return None
    return BUILT_IN_POLICIES.get(name) or _kept(state, definition_id)


def _set(state: CloudState, definition_id: str) -> Mapping[str, Any] | None:
    return _kept(state, definition_id) if f"/{SET_TYPE.lower()}/" in definition_id.lower() else None


def _kept(state: CloudState, definition_id: str) -> Mapping[str, Any] | None:
    found = state.find_resource(ResourceId.parse(definition_id))
    return found.properties if found else None


def _denied(resource: Resource, rule: Rule, made: list[Evaluated]) -> ArmError:
    assignment, definition = rule.assignment, rule.definition
    assignment_name = str(assignment.properties.get("displayName") or assignment.id.last_name)
    definition_name = str(definition.get("displayName") or rule.definition_id.rpartition("/")[2])
    identifiers = [
        {
            "policyAssignment": {"name": assignment_name, "id": str(assignment.id)},
            "policyDefinition": {"name": definition_name, "id": rule.definition_id},
        }
    ]
    info = {
        "evaluationDetails": {"evaluatedExpressions": [one.dump() for one in made]},
        "policyDefinitionId": rule.definition_id,
        "policyDefinitionName": rule.definition_id.rpartition("/")[2],
        "policyDefinitionDisplayName": definition_name,
        "policyDefinitionEffect": "deny",
        "policyAssignmentId": str(assignment.id),
        "policyAssignmentName": assignment.id.last_name,
        "policyAssignmentDisplayName": assignment_name,
        "policyAssignmentScope": str(assignment.id.scope),
        "policyAssignmentParameters": assignment.properties.get("parameters") or {},
    }
    name = resource.id.last_name
    return ArmError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{name}' was disallowed by policy. Policy identifiers: '{json.dumps(identifiers)}'.",
        target=name,
        additional_info=[{"type": "PolicyViolation", "info": info}],
    )
