"""What a prediction knows of resources that are yet to be deployed: their bodies, and the outputs of deployments."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from armature.templates.errors import UnresolvedError
from armature.templates.scope import OpenObject, open_value
from emulator.arm.engine.instance import Instance
from emulator.arm.identifiers import ResourceId

Body = dict[str, Any]


@dataclass
class _Entry:
    instance: Instance
    predict: Callable[[], Body]
    body: Body | None = None
    is_open: bool = False


@dataclass
class Known:
    """Predicted resources and deployments by the key of their id, shared by all templates of one deployment."""

    _entries: dict[str, _Entry] = field(default_factory=dict)

    def expect(self, instance: Instance, predict: Callable[[], Body]) -> None:
        """Note that a resource will be deployed; `predict` makes its body, once somebody asks."""
        self._entries[instance.id.key] = _Entry(instance, predict)

    def add_outputs(self, instance: Instance, outputs: Body) -> None:
        """Note the predicted outputs of a nested deployment."""
        body = {"properties": {"outputs": outputs}}
        self._entries[instance.id.key] = _Entry(instance, lambda: body, body)

    def body(self, resource_id: ResourceId) -> Body | None:
        """The predicted body, if there is one; a resource that asks for itself is told nothing."""
        entry = self._entries.get(resource_id.key)
        if entry is None or entry.is_open:
            return None
        if entry.body is None:
            entry.is_open = True
            try:
                entry.body = entry.predict()
            finally:
                entry.is_open = False
        return entry.body

    def reference(self, resource_id: ResourceId, version: str | None, *, is_full: bool) -> Any:
        """What `reference()` will show as far as the template tells it; raises UnresolvedError for what it does not.

        A reference that asks for another API version than the template deploys is not told (asked of Microsoft's
        engine).
        """
        body = self.body(resource_id)
        if body is None or "properties" not in body:
            raise UnresolvedError("reference")
        if version is not None and version != self._entries[resource_id.key].instance.api_version:
            raise UnresolvedError("reference")
        properties = body["properties"]
        if resource_id.is_deployment:
            shown: Any = OpenObject("reference", dict(properties))
        else:
            shown = open_value("reference", properties)
        return OpenObject("reference", {"properties": shown}) if is_full else shown
