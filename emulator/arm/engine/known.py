"""What a prediction knows of resources that are yet to be deployed: the bodies and outputs that were predicted."""

from dataclasses import dataclass, field
from typing import Any

from armature.templates.errors import UnresolvedError
from armature.templates.scope import OpenObject, open_value
from emulator.arm.engine.instance import Instance
from emulator.arm.identifiers import ResourceId


@dataclass
class Known:
    """Predicted resources and deployments by the key of their id, shared by all templates of one deployment."""

    _bodies: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def add(self, instance: Instance, body: dict[str, Any]) -> None:
        """Note the predicted body of a resource."""
        self._bodies[instance.id.key] = (instance.api_version, body)

    def add_outputs(self, instance: Instance, outputs: dict[str, Any]) -> None:
        """Note the predicted outputs of a nested deployment."""
        self._bodies[instance.id.key] = (instance.api_version, {"properties": {"outputs": outputs}})

    def body(self, resource_id: ResourceId) -> dict[str, Any] | None:
        """The predicted body, if there is one."""
        found = self._bodies.get(resource_id.key)
        return found[1] if found else None

    def reference(self, resource_id: ResourceId, version: str | None, *, is_full: bool) -> Any:
        """What `reference()` will show as far as the template tells it; raises UnresolvedError for what it does not.

        A reference that asks for another API version than the template deploys is not told (asked of Microsoft's
        engine).
        """
        found = self._bodies.get(resource_id.key)
        if found is None or "properties" not in found[1] or (version is not None and version != found[0]):
            raise UnresolvedError("reference")
        properties = found[1]["properties"]
        if resource_id.is_deployment and "outputs" in properties:
            shown: Any = OpenObject("reference", dict(properties))
        else:
            shown = open_value("reference", properties)
        return OpenObject("reference", {"properties": shown}) if is_full else shown
