"""What a prepared deployment will make, told before anything runs, as ARM's what-if tells it.

Nested deployments are expanded even where their parameters depend on what is not deployed yet: `reference()` of a
resource of the deployment shows the properties that the template gives it, and what can't be told at all is a part,
`Pending`, of what can. Source: Microsoft's engine (`bicep snapshot`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import Any

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from armature.templates.partial import pending_parts
from emulator.arm.engine.bodies import partial_body
from emulator.arm.engine.children import child_request, child_template
from emulator.arm.engine.expansion import CountPendingError
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.known import Known
from emulator.arm.engine.outputs import predict_outputs
from emulator.arm.engine.preparation import Preparation
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.refusals import violation
from emulator.arm.engine.scope import TemplateScope

MAX_NESTED_TEMPLATES = 500
"""How many nested templates what-if expands; what is in the others it leaves alone (What-if limits, 2025-11)."""

_PENDING_COUNT = (
    "it contains one or more copy count expressions that cannot be evaluated prior to the start of the deployment"
)
_PENDING_TEMPLATE = "it uses outer-mode evaluation and its template contains expressions that could not be evaluated"
_TOO_MANY = f"what-if expands at most {MAX_NESTED_TEMPLATES} nested templates"
_HELP = "Please see https://aka.ms/WhatIfEvalStopped for more guidance."


@dataclass(frozen=True)
class PredictedResource:
    """A resource as far as it can be told; its id can't with `is_pending`."""

    instance: Instance
    body: dict[str, Any]
    is_pending: bool


@dataclass
class Prediction:
    """The resources of all templates of a deployment, the root's outputs, and what could not be expanded and why.

    `nested` counts the nested templates that were expanded.
    """

    resources: list[PredictedResource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    nested: int = 0


class Predictor:
    """Predicts prepared deployments."""

    def __init__(self, preparation: Preparation) -> None:
        self._preparation = preparation

    async def predict(self, prepared: Prepared) -> Prediction:
        """The prediction; raises `ArmError` for what turns out to be wrong."""
        prediction = Prediction()
        prediction.outputs = await self._add(prepared, Known(), prediction, is_pending=False)
        return prediction

    async def _add(
        self, prepared: Prepared, known: Known, prediction: Prediction, *, is_pending: bool
    ) -> dict[str, Any]:
        """Add what one template makes; answers its outputs."""
        scope = prepared.scope.predicting(known)
        for instance in prepared.edges:
            if not instance.id.is_deployment and not (is_pending or instance.is_pending):
                known.expect(instance, _body_of(instance, scope))
        for instance in TopologicalSorter(prepared.edges).static_order():
            pending = is_pending or instance.is_pending
            if instance.id.is_deployment:
                await self._add_child(prepared, instance, known, prediction, scope, is_pending=pending)
            else:
                body = None if pending else known.body(instance.id)
                prediction.resources.append(
                    PredictedResource(instance, body or _body_of(instance, scope)(), pending or body is None)
                )
        return predict_outputs(prepared.template, scope)

    async def _add_child(
        self,
        prepared: Prepared,
        instance: Instance,
        known: Known,
        prediction: Prediction,
        scope: TemplateScope,
        *,
        is_pending: bool,
    ) -> None:
        if prediction.nested >= MAX_NESTED_TEMPLATES:
            prediction.diagnostics.append(_not_expanded(instance, _TOO_MANY))
            return
        prediction.nested += 1
        child = instance.child
        if child is None:
            body = _body_of(instance, scope)()
            try:
                template = child_template(instance)
                if template is None and any(pending_parts(body.get("properties", {}).get("templateLink"))):
                    raise UnresolvedError("the link of the template")
                request = child_request(prepared, instance, body, template)
                child = await self._preparation.prepare(
                    request, prepared.downloads, level=prepared.level + 1, known=known
                )
            except CountPendingError:
                prediction.diagnostics.append(_not_expanded(instance, _PENDING_COUNT))
                return
            except UnresolvedError:
                reason = (
                    "it uses outer-mode evaluation and its template contains expressions that could not be evaluated"
                )
                prediction.diagnostics.append(_not_expanded(instance, reason))
                return
        known.add_outputs(instance, await self._add(child, known, prediction, is_pending=is_pending))


def _body_of(instance: Instance, base: TemplateScope) -> Callable[[], dict[str, Any]]:
    scope = replace(instance.scope, known=base.known, parameters=base.parameters, variables=base.variables)

    def predict() -> dict[str, Any]:
        try:
            return partial_body(instance, scope)
        except (ExpressionError, ExpressionSyntaxError) as error:
            raise violation(error.message, instance.place) from error

    return predict


def _not_expanded(instance: Instance, reason: str) -> dict[str, Any]:
    message = (
        f"The nested deployment '{instance.id}' at {instance.place} could not be expanded because {reason}. {_HELP}"
    )
    return {
        "code": "NestedDeploymentShortCircuited",
        "level": "Warning",
        "target": str(instance.id),
        "message": message,
    }
