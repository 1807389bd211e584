"""Network security groups with the rules that every one has, and route tables; rules are children and inline too.

Source: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview (default rules, priorities).
"""

from collections.abc import Mapping
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, new_document, parent_of
from emulator.arm.behaviours.rules import parsed, value_at
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

GROUP = "Microsoft.Network/networkSecurityGroups"
TABLE = "Microsoft.Network/routeTables"
_LOWEST, _HIGHEST = 100, 4096
_ANY = {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*"}
_DEFAULT_RULES = (
    ("AllowVnetInBound", "Inbound", "Allow", 65000, "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", "Inbound", "Allow", 65001, "AzureLoadBalancer", "*"),
    ("DenyAllInBound", "Inbound", "Deny", 65500, "*", "*"),
    ("AllowVnetOutBound", "Outbound", "Allow", 65000, "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", "Outbound", "Allow", 65001, "*", "Internet"),
    ("DenyAllOutBound", "Outbound", "Deny", 65500, "*", "*"),
)


def _check_rule(name: str, rule: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> None:
    for needed in ("protocol", "access", "direction"):
        if not rule.get(needed):
            message = f"Required security rule parameters are missing for security rule with Id {name}: {needed}."
            raise ArmError(400, "SecurityRuleParameterMissing", message)
    priority = rule.get("priority")
    if not isinstance(priority, int) or not _LOWEST <= priority <= _HIGHEST:
        message = (
            f"Security rule {name} has invalid Priority. Value provided: {priority} Allowed range {_LOWEST}-{_HIGHEST}."
        )
        raise ArmError(400, "SecurityRuleInvalidPriority", message)
    for other, taken in others.items():
        same = taken.get("priority") == priority and str(taken.get("direction")).lower() == rule["direction"].lower()
        if same and other.lower() != name.lower():
            message = (
                f"Security rule {name} conflicts with rule {other}. Rules cannot have the same Priority and Direction. "
                "To learn more, please visit aka.ms/nsgrules."
            )
            raise ArmError(400, "SecurityRuleConflict", message)


def _check_group(resource: Resource, surroundings: Surroundings) -> None:
    seen: dict[str, Mapping[str, Any]] = {}
    for rule in resource.properties.get("securityRules") or []:
        _check_rule(rule["name"], rule.get("properties") or {}, seen)
        seen[rule["name"]] = rule.get("properties") or {}


def _check_child_rule(resource: Resource, surroundings: Surroundings) -> None:
    group = parent_of(resource, surroundings)
    siblings = surroundings.state.children(group.id, "securityRules") if group else []
    made = {s.id.last_name: s.properties for s in siblings if s.provisioning_state != "Creating"}
    _check_rule(resource.id.last_name, resource.properties, made)


def _split(resource: Resource, surroundings: Surroundings, listed: str) -> None:
    """Inline rules become children; those that a write does not list go, unless it lists none at all."""
    state, inline = surroundings.state, resource.properties.pop(listed, None)
    if inline is None:
        return
    kept = set()
    for entry in inline:
        child_id = resource.id.child(listed, entry["name"])
        child = Resource(child_id, resource.api_version, new_document(child_id, entry))
        child.properties["provisioningState"] = "Succeeded"
        state.put_resource(child)
        kept.add(child_id.key)
    for child in state.children(resource.id, listed):
        if child.id.key not in kept:
            state.drop_resource(child.id)


def _provision_group(resource: Resource, surroundings: Surroundings) -> None:
    _split(resource, surroundings, "securityRules")


def _provision_table(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties.setdefault("disableBgpRoutePropagation", False)
    _split(resource, surroundings, "routes")


def _default_rules(resource: Resource) -> list[dict[str, Any]]:
    rules = []
    for name, direction, access, priority, source, destination in _DEFAULT_RULES:
        addresses = {"sourceAddressPrefix": source, "destinationAddressPrefix": destination}
        decision = {"access": access, "priority": priority, "direction": direction}
        rule_id = str(resource.id.child("defaultSecurityRules", name))
        properties = _ANY | addresses | decision | {"provisioningState": "Succeeded"}
        rules.append({"name": name, "id": rule_id, "type": f"{GROUP}/defaultSecurityRules", "properties": properties})
    return rules


def _present_group(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    rules = [child.document for child in surroundings.state.children(resource.id, "securityRules")]
    extra: dict[str, Any] = {"securityRules": rules, "defaultSecurityRules": _default_rules(resource)}
    users = _users(resource, surroundings, "networkSecurityGroup.id")
    for kind, name in (("subnets", "subnets"), ("networkInterfaces", "networkInterfaces")):
        found = [{"id": str(user)} for user in users if user.type.rsplit("/", 1)[-1].lower() == kind.lower()]
        extra |= {name: found} if found else {}
    return resource.document | {"properties": resource.properties | extra}


def _present_table(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    routes = [child.document for child in surroundings.state.children(resource.id, "routes")]
    subnets = [{"id": str(user)} for user in _users(resource, surroundings, "routeTable.id")]
    extra = {"routes": routes} | ({"subnets": subnets} if subnets else {})
    return resource.document | {"properties": resource.properties | extra}


def _users(resource: Resource, surroundings: Surroundings, path: str) -> list[ResourceId]:
    """The subnets and interfaces that name the resource."""
    found = []
    for other in surroundings.state.resources(ResourceId(resource.id.subscription)):
        named = parsed(value_at(other.properties, path))
        if named and named.key == resource.id.key:
            found.append(other.id)
    return found


def _check_group_removal(resource: Resource, surroundings: Surroundings) -> None:
    if users := _users(resource, surroundings, "networkSecurityGroup.id"):
        message = (
            f"Network security group {resource.id} cannot be deleted because it is in use by the following resources: "
            f"{', '.join(map(str, users))}. In order to delete the Network security group, remove the association "
            "with the resource(s). To learn how to do this, see aka.ms/deletensg."
        )
        raise ArmError(400, "InUseNetworkSecurityGroupCannotBeDeleted", message)


def _check_table_removal(resource: Resource, surroundings: Surroundings) -> None:
    if _users(resource, surroundings, "routeTable.id"):
        message = f"Route table {resource.id.last_name} is in use and cannot be deleted."
        raise ArmError(400, "InUseRouteTableCannotBeDeleted", message)


BEHAVIOURS = {
    GROUP: Behaviour(
        seconds=5,
        check=_check_group,
        provision=_provision_group,
        present=_present_group,
        check_removal=_check_group_removal,
        is_preflighted=True,
    ),
    f"{GROUP}/securityRules": Behaviour(seconds=3, check=_check_child_rule),
    TABLE: Behaviour(seconds=5, provision=_provision_table, present=_present_table, check_removal=_check_table_removal),
    f"{TABLE}/routes": Behaviour(seconds=3),
}
