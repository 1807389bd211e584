"""Builders of valid templates, of which a test changes the one thing that it is about."""

import json
from typing import Any

from armature.problems import Problem, ProblemCode
from armature.templates.checks import check_template
from armature.templates.template import Template

SCHEMAS = "https://schema.management.azure.com/schemas/2019-04-01"
FILE = "templates/main.json"


def template_value(**sections: Any) -> dict[str, Any]:
    """A sound template with the given sections."""
    return {
        "$schema": f"{SCHEMAS}/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [],
        **sections,
    }


def template(*, file: str = FILE, **sections: Any) -> Template:
    """The same, read."""
    return Template.read(json.dumps(template_value(**sections)), file=file)


def resource(**parts: Any) -> dict[str, Any]:
    """A sound resource."""
    return {"type": "Microsoft.Web/sites", "apiVersion": "2023-01-01", "name": "site", **parts}


def deployment(**parts: Any) -> dict[str, Any]:
    """A sound deployment resource; `properties` are those given."""
    properties = {"mode": "Incremental", **parts.pop("properties", {})}
    base = {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "linked"}
    return {**base, **parts, "properties": properties}


def linked(**link: Any) -> dict[str, Any]:
    """A deployment resource with a link."""
    return deployment(properties={"templateLink": link})


def inline(value: dict[str, Any], scope: str | None = None, **properties: Any) -> dict[str, Any]:
    """A deployment resource with a template inside it."""
    options = {"expressionEvaluationOptions": {"scope": scope}} if scope else {}
    return deployment(properties={**options, **properties, "template": value})


def problems_of(**sections: Any) -> list[Problem]:
    """What the checks say of a template with these sections."""
    return check_template(json.dumps(template_value(**sections), indent=2).encode(), file=FILE)[1]


def found(problems: list[Problem]) -> list[tuple[ProblemCode, str]]:
    """Codes and pointers."""
    return [(problem.code, problem.pointer) for problem in problems]
