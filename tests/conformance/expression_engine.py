"""Expressions asked of Microsoft's engine, and of ours in the surroundings that the oracle has."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from armature.templates.errors import ExpressionError, TemplateError, UnresolvedError
from armature.templates.evaluation import StaticScope, evaluate_value
from armature.templates.scope import PartialObject
from armature.templates.values import are_equal
from tests.conformance.template_engine import Engine

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-000000000002"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-oracle"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_EXPRESSIONS_A_TEMPLATE = 40


@dataclass(frozen=True)
class Answer:
    """What came of an expression: a value, a refusal in words, or neither because it needs a running resource."""

    kind: str
    content: Any = None

    def agrees_with(self, other: "Answer") -> bool:
        return self.kind == other.kind and (self.kind != "value" or are_equal(self.content, other.content))

    def is_the_same_as(self, other: "Answer") -> bool:
        """Whether they agree, refusals to the letter."""
        return self.agrees_with(other) and self.content == other.content


class ExpressionEngine:
    """The engine, asked for the values of expressions, many in one template where none is refused."""

    def __init__(self, bicep: Path, folder: Path) -> None:
        self._engine = Engine(bicep, folder)

    def answers(self, expressions: Iterable[str], *, expected: dict[str, Answer]) -> dict[str, Answer]:
        """Answers by expression; what is `expected` to be refused is asked alone."""
        asked = list(dict.fromkeys(expressions))
        together = [one for one in asked if expected[one].kind == "value"]
        found: dict[str, Answer] = {}
        for at in range(0, len(together), _EXPRESSIONS_A_TEMPLATE):
            part = together[at : at + _EXPRESSIONS_A_TEMPLATE]
            found |= self._ask(part) or {one: self._alone(one) for one in part}
        return {one: found.get(one) or self._alone(one) for one in asked}

    def _alone(self, expression: str) -> Answer:
        answer = self._ask([expression])
        return answer[expression] if answer else Answer("refusal", self._refusal)

    def _ask(self, expressions: list[str]) -> dict[str, Answer] | None:
        outputs = {f"v{n}": {"type": "object", "value": {"it": one}} for n, one in enumerate(expressions)}
        template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [], "outputs": outputs}
        answer = self._engine.answer(json.dumps(template), {}, "resourceGroup")
        if answer.refusal is not None:
            self._refusal = answer.refusal
            return None
        values = [answer.outputs[f"v{n}"] for n in range(len(expressions))]
        return {
            one: Answer("unresolved") if isinstance(value, str) else Answer("value", value["it"])
            for one, value in zip(expressions, values, strict=True)
        }

    def close(self) -> None:
        """End the process."""
        self._engine.close()


class OracleScope(StaticScope):
    """The surroundings that the oracle has by default, as far as it tells them."""

    def resource_group(self) -> dict[str, Any]:
        known = {"id": GROUP, "name": "rg-oracle", "type": "Microsoft.Resources/resourceGroups", "location": "eastus2"}
        return PartialObject("resourceGroup()", known)

    def subscription(self) -> dict[str, Any]:
        known = {"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION, "tenantId": TENANT}
        return PartialObject("subscription()", known)

    def tenant(self) -> dict[str, Any]:
        return PartialObject("tenant()", {"id": f"/tenants/{TENANT}", "tenantId": TENANT})

    def management_group(self) -> dict[str, Any]:
        raise ExpressionError("InvalidTemplate", "The deployment metadata 'managementGroup' is not valid.")

    def deployment(self) -> dict[str, Any]:
        return {"name": "main", "properties": {"template": {"contentVersion": "1.0.0.0"}}}

    def user_function(self, namespace: str, name: str, arguments: list[Any]) -> Any:
        see = "Please see https://aka.ms/arm-functions for usage details."
        raise ExpressionError("InvalidTemplate", f"The template function '{namespace}.{name}' is not valid. {see}")

    def parameter(self, name: str) -> Any:
        see = "Please see https://aka.ms/arm-syntax-parameters for usage details."
        raise ExpressionError("InvalidTemplate", f"The template parameter '{name}' is not found. {see}")

    def extension(self, alias: str) -> dict[str, Any]:
        raise ExpressionError(
            "InvalidTemplate", f"The extension with the alias '{alias}' cannot be found in the template."
        )


def ours(expression: str) -> Answer:
    """What we make of an expression."""
    try:
        return Answer("value", evaluate_value(expression, OracleScope(prefix=GROUP)))
    except UnresolvedError:
        return Answer("unresolved")
    except TemplateError as error:
        return Answer("refusal", str(error))
