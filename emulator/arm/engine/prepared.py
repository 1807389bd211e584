"""A deployment whose template was fetched, checked and expanded, and which can start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emulator.arm.engine.instance import Instance
    from emulator.arm.engine.links import Downloads
    from emulator.arm.engine.request import DeploymentRequest
    from emulator.arm.engine.scope import TemplateScope
    from emulator.arm.identifiers import ResourceId


@dataclass(repr=False)  # it holds secrets, and values that share parts without end
class Prepared:
    """`edges` hold, for each instance that will run, those that must have succeeded before.

    The request together with `downloads.documents` is all that is needed to prepare the same again. `parameters` are
    the declared ones with their `$ref` followed. `level` is 0 for what a client asked for.
    """

    request: DeploymentRequest
    downloads: Downloads
    template: Mapping[str, Any]
    scope: TemplateScope
    instances: list[Instance]
    parameters: Mapping[str, Mapping[str, Any]]
    level: int = 0
    edges: dict[Instance, set[Instance]] = field(default_factory=dict)

    @property
    def target(self) -> ResourceId:
        """What is deployed to: a resource group, a subscription, a management group or the tenant."""
        return self.request.id.scope

    def resources(self) -> Iterator[Instance]:
        """Every resource that is known up front, those of nested deployments included."""
        for instance in self.instances:
            if instance.is_run and instance.child:
                yield from instance.child.resources()
            elif instance.is_run and not instance.id.is_deployment:
                yield instance
