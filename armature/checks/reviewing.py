"""What can be found wrong with the section `validation` before anything is touched: outputs that do not exist, or that
nobody may read; templates and places that are none."""

from collections.abc import Iterator

from armature.binding import Surroundings, unknown_template
from armature.checks.declared import ValidationSection
from armature.checks.places import parts_of
from armature.problems import Problem, ProblemCode

_PLACE_STEP = "Write it as properties.NAME, or as a JSON pointer where a name has a period."


def check_problems(section: ValidationSection, around: Surroundings) -> Iterator[Problem]:
    """Every fault of the declared checks that the rest of the bundle tells."""
    for index, endpoint in enumerate(section.endpoints):
        if endpoint.output is not None:
            yield from output_problems(endpoint.output, f"/validation/endpoints/{index}/output", "string", around)
    for index, resource in enumerate(section.resources):
        pointer = f"/validation/resources/{index}"
        if resource.output is not None:
            yield from output_problems(resource.output, f"{pointer}/output", "string", around)
        if resource.template is not None and resource.template.lower() not in around.templates:
            yield unknown_template(resource.template, f"{pointer}/template", around)
        try:
            parts_of(resource.property)
        except ValueError:
            message = f"{resource.property!r} is not the place of a property."
            yield around.problem(f"{pointer}/property", ProblemCode.MANIFEST_FIELD, message, _PLACE_STEP)
    for index, app in enumerate(section.function_apps):
        if app.output is not None:
            yield from output_problems(app.output, f"/validation/functionApps/{index}/output", "string", around)
    yield from _repeated(section, around)


def output_problems(wanted: str, pointer: str, kind: str, around: Surroundings) -> Iterator[Problem]:
    """What is wrong with an output that is named, and is to be of type `kind`."""
    template_name, _, output_name = wanted.partition(".")
    if template_name.lower() not in around.templates:
        yield unknown_template(template_name, pointer, around)
        return
    template = around.templates[template_name.lower()]
    if template is None:
        return
    output = template.output(output_name)
    if output is None:
        near = around.nearest.find(output_name, template.outputs)
        yield around.problem(
            pointer,
            ProblemCode.OUTPUT_UNKNOWN,
            f"{template.document.file} has no output {output_name!r}.",
            f"Did you mean {near!r}?" if near else "Declare the output in that template.",
        )
    elif output.secure:
        yield around.problem(
            pointer,
            ProblemCode.OUTPUT_SECURE,
            f"The output {output.name!r} of {template_name} is a {output.type}, which ARM lets nobody read.",
            "Let the template give the address as an output of type string, without a key.",
        )
    elif output.type and output.type != kind:
        yield around.problem(
            pointer,
            ProblemCode.PARAMETER_TYPE,
            f"The output {output.name!r} of {template_name} is of type {output.type}, and must be a {kind} here.",
            f"Declare an output of type {kind}.",
        )


def _repeated(section: ValidationSection, around: Surroundings) -> Iterator[Problem]:
    """A function app that is declared twice: which of the two is meant, nobody can tell."""
    seen: set[str] = set()
    for index, app in enumerate(section.function_apps):
        if app.called.lower() in seen:
            message = f"The function app {app.called!r} is declared twice."
            pointer = f"/validation/functionApps/{index}/{'name' if app.name else 'output'}"
            yield around.problem(pointer, ProblemCode.NAME_DUPLICATE, message, "Declare all of its functions once.")
        seen.add(app.called.lower())
