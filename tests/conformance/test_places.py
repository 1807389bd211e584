"""Resources of published templates are traced back to where they are declared."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armature.templates.names import names_of, template_scope
from armature.templates.places import DeployedTemplates, Place
from armature.templates.template import ResourceDeclaration, Template

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
FILE = "template.json"


def templates_in(folder: Path) -> Iterator[Template]:
    for path in sorted(folder.rglob("*.json")):
        try:
            yield Template.read(path.read_bytes(), file=FILE)
        except ValueError:
            continue  # no template: a manifest, a parameter file


def given(template: Template) -> dict[str, Any]:
    """A value for each parameter that must have one."""
    values: dict[str, Any] = {"string": "x", "securestring": "x", "int": 2, "bool": True, "array": [], "object": {}}
    return {name: values.get(one.type, {}) for name, one in template.parameters.items() if one.is_required}


def resource_id(resource: ResourceDeclaration, name: str) -> str | None:
    namespace, *kinds = resource.type.split("/")
    names = name.split("/")
    if len(kinds) != len(names):
        return None
    return f"{GROUP}/providers/{namespace}" + "".join(f"/{kind}/{one}" for kind, one in zip(kinds, names, strict=True))


@pytest.mark.parametrize(("folder", "least"), [("templates", 40), ("assemblies", 120)])
def test_a_resource_is_never_placed_where_another_is_declared(shared: Path, folder: str, least: int) -> None:
    placed, wrong = 0, []

    for template in templates_in(shared / folder):
        parameters = given(template)
        deployed = DeployedTemplates({FILE: template}, FILE, parameters, GROUP)
        scope = template_scope(template, parameters, prefix=GROUP)
        for resource in template.resources:
            for name in names_of(resource, scope):
                wanted = resource_id(resource, name)
                found = deployed.place_of_resource(wanted) if wanted and not resource.is_existing else None
                placed += found is not None
                if found not in (None, Place(FILE, resource.pointer)):
                    wrong.append((wanted, found))

    assert wrong == []
    assert placed >= least
