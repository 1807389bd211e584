"""Outputs of templates that were not deployed yet, as far as the template alone says what they will be.

Such as the id of a resource whose name is known. What depends on anything that only Azure can tell is not foreseen.
"""

from collections.abc import Collection, Mapping
from typing import Any

from armature.templates.errors import TemplateError, UnresolvedError
from armature.templates.evaluation import StaticScope, evaluate_value
from armature.templates.template import Template

UNFORESEEN: Any = object()


class _ForeseeingScope(StaticScope):
    """Sees the values that are given, and the defaults of parameters that are given none."""

    def __init__(
        self, template: Template, values: Mapping[str, Any], unknown: Collection[str], prefix: str | None
    ) -> None:
        super().__init__(values, template.variables, prefix=prefix)
        self._template = template
        self._unknown = {name.lower() for name in unknown}

    def default_of(self, name: str) -> Any:
        """The default of the template's definition, unless another value is given that is not known."""
        definition = self._template.parameter(name)
        if definition is None or not definition.has_default or name.lower() in self._unknown:
            raise UnresolvedError(f"parameters('{name}')")
        return evaluate_value(definition.default, self)


def foreseen(
    template: Template, output: str, values: Mapping[str, Any], unknown: Collection[str], prefix: str | None
) -> Any:
    """The value that an output will have, or `UNFORESEEN`.

    `values` are the parameters that the template is deployed with, `unknown` the names of those whose values are not
    known, `prefix` the id of what it is deployed to.
    """
    definition = template.output(output)
    if definition is None or definition.secure:
        return UNFORESEEN
    body = template.value["outputs"][definition.name]
    if not isinstance(body, Mapping) or "value" not in body or body.get("condition", True) is not True:
        return UNFORESEEN
    try:
        return evaluate_value(body["value"], _ForeseeingScope(template, values, unknown, prefix))
    except TemplateError:
        return UNFORESEEN
