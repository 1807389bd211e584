"""What each parameter of a template gets, and everything that is wrong with it: presence, type, secrecy, source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from armature.manifest import BundleKind, Manifest, PackageEntry, ParameterSource, TemplateEntry
from armature.plan import OutputReference, ParameterBinding
from armature.problems import Problem, ProblemCode, Severity
from armature.shape import problem_at
from armature.templates.expressions import is_expression
from armature.templates.literals import has_secret, plain_text_secrets
from armature.templates.nearest import Nearest
from armature.templates.parameters import check_parameter_value, has_parameter_type
from armature.templates.reading import JsonDocument
from armature.templates.template import ParameterDefinition, Template

ARTIFACTS_LOCATION = "_artifactslocation"
ARTIFACTS_SAS_TOKEN = "_artifactslocationsastoken"
"""The parameters, in lower case, by which a template is told where its files are (Azure quickstart convention)."""

_SECURE_STEP = "Give it as a Key Vault reference, so that no secret is in a request, a history or a log."


@dataclass(frozen=True)
class Surroundings:
    """What parameters may refer to. Names are in lower case; a template that can't be read has the value None."""

    document: JsonDocument
    manifest: Manifest
    templates: Mapping[str, Template | None]
    packages: Mapping[str, PackageEntry]
    nearest: Nearest

    @cached_property
    def template_names(self) -> list[str]:
        """The names of the templates, as the manifest spells them."""
        return [entry.name for entry in self.manifest.templates]

    def problem(
        self, pointer: str, code: ProblemCode, message: str, next_step: str, *, of_name: bool = False
    ) -> Problem:
        """A problem at a place of manifest.json."""
        return problem_at(self.document, pointer, code, message, next_step, of_name=of_name)


def bindings_of(entry: TemplateEntry, template: Template) -> dict[str, ParameterBinding]:
    """What the sound parameters of a template get, by the names that the template itself gives them."""
    bindings: dict[str, ParameterBinding] = {}
    for name, source in entry.parameters.items():
        definition = template.parameter(name)
        if definition is not None:
            bindings[definition.name] = _binding(source)
    return bindings


def is_told_its_location(entry: TemplateEntry, template: Template) -> bool:
    """True when the app fills in `_artifactsLocation`: the template has it and the manifest leaves it alone."""
    given = {name.lower() for name in (*entry.parameters, *entry.parameters_in_doubt)}
    return template.uses_artifacts_location and ARTIFACTS_LOCATION not in given


def parameter_problems(entry: TemplateEntry, template: Template, around: Surroundings) -> Iterator[Problem]:
    """Every fault of the parameters that the manifest gives a template, and those that it fails to give."""
    seen: dict[str, str] = {}
    for name, source in entry.parameters.items():
        pointer = entry.parameter_pointer(name)
        if name.lower() in seen:
            yield around.problem(
                pointer,
                ProblemCode.NAME_DUPLICATE,
                f"The parameters {seen[name.lower()]!r} and {name!r} are one: letter case does not tell them apart.",
                "Give it once.",
                of_name=True,
            )
        seen[name.lower()] = name
        definition = template.parameter(name)
        if definition is None:
            yield _unknown(name, pointer, template, around)
        else:
            yield from _source_problems(definition, source, pointer, around)
    given = {*seen, *(name.lower() for name in entry.parameters_in_doubt)}
    if is_told_its_location(entry, template):
        given |= {ARTIFACTS_LOCATION, ARTIFACTS_SAS_TOKEN}
    for definition in template.parameters.values():
        if definition.is_required and definition.name.lower() not in given:
            yield _missing(definition, entry, around)


def _binding(source: ParameterSource) -> ParameterBinding:
    if source.reference is not None:
        return ParameterBinding(kind="reference", reference=source.reference.dump())
    if source.output is not None:
        template, _, output = source.output.partition(".")
        return ParameterBinding(kind="output", output=OutputReference(template=template, output=output))
    if source.package is not None:
        return ParameterBinding(kind="package", package=source.package)
    return ParameterBinding(kind="value", value=source.value)


def _unknown(name: str, pointer: str, template: Template, around: Surroundings) -> Problem:
    near = around.nearest.find(name, template.parameters)
    return around.problem(
        pointer,
        ProblemCode.PARAMETER_UNKNOWN,
        f"{template.document.file} has no parameter {name!r}.",
        f"Did you mean {near!r}?" if near else "Remove it, or declare it in the template.",
        of_name=True,
    )


def _missing(definition: ParameterDefinition, entry: TemplateEntry, around: Surroundings) -> Problem:
    if around.manifest.kind is BundleKind.ASSEMBLY and definition.secure:
        step = "A cloud assembly gives no parameters: give it, by a manifest of version 1, as a Key Vault reference."
    elif around.manifest.kind is BundleKind.ASSEMBLY:
        step = "A cloud assembly gives no parameters: give it a default value in the template."
    else:
        step = "Give it under 'parameters', or give it a default value in the template."
    return around.problem(
        f"{entry.pointer}/parameters",
        ProblemCode.PARAMETER_MISSING,
        f"{entry.name} needs the parameter {definition.name!r} ({definition.type}), which has no default value.",
        step,
    )


def _source_problems(
    definition: ParameterDefinition, source: ParameterSource, pointer: str, around: Surroundings
) -> Iterator[Problem]:
    if source.reference is not None:
        yield from _reference_problems(definition, pointer, around)
    elif source.package is not None:
        yield from _package_problems(definition, source.package, pointer, around)
    elif source.output is not None:
        yield from _output_problems(definition, source.output, pointer, around)
    elif definition.secure:
        yield around.problem(
            f"{pointer}/value",
            ProblemCode.PARAMETER_SECURE_LITERAL,
            f"The parameter {definition.name!r} is a {definition.type} and must not be given as a literal value.",
            _SECURE_STEP,
        )
    else:
        yield from _value_problems(definition, source, pointer, around)


def _value_problems(
    definition: ParameterDefinition, source: ParameterSource, pointer: str, around: Surroundings
) -> Iterator[Problem]:
    fault = check_parameter_value(definition, source.value)
    if fault is not None:
        is_of_type = has_parameter_type(definition, source.value)
        yield around.problem(
            f"{pointer}/value",
            ProblemCode.PARAMETER_VALUE if is_of_type else ProblemCode.PARAMETER_TYPE,
            f"The value of the parameter {definition.name!r} {fault}.",
            "Give a value that the template allows.",
        )
    elif isinstance(source.value, str):
        yield from _value_warnings(definition, source.value, pointer, around)


def _value_warnings(
    definition: ParameterDefinition, value: str, pointer: str, around: Surroundings
) -> Iterator[Problem]:
    """Values that are taken, but are probably not what was meant. None is repeated."""
    if is_expression(value):
        yield problem_at(
            around.document,
            f"{pointer}/value",
            ProblemCode.LITERAL_LOOKS_LIKE_EXPRESSION,
            f"The value of the parameter {definition.name!r} looks like an expression, but ARM takes it as it stands.",
            "Write the expression as the parameter's default value in the template, or double its first bracket.",
            severity=Severity.WARNING,
        )
    elif any(plain_text_secrets({definition.name: value})) or has_secret(value):
        yield problem_at(
            around.document,
            f"{pointer}/value",
            ProblemCode.PLAIN_TEXT_SECRET,
            f"The parameter {definition.name!r} is given a secret in plain text.",
            "Declare it as securestring in the template, and give it as a Key Vault reference.",
            severity=Severity.WARNING,
        )


def _reference_problems(definition: ParameterDefinition, pointer: str, around: Surroundings) -> Iterator[Problem]:
    if not definition.secure:
        yield around.problem(
            f"{pointer}/reference",
            ProblemCode.PARAMETER_TYPE,
            f"The parameter {definition.name!r} takes a secret but is of type {definition.type}: ARM would show it.",
            "Declare the parameter as securestring or secureobject in the template.",
        )


def _package_problems(
    definition: ParameterDefinition, package: str, pointer: str, around: Surroundings
) -> Iterator[Problem]:
    if package.lower() not in around.packages:
        yield around.problem(
            f"{pointer}/package",
            ProblemCode.PACKAGE_UNKNOWN,
            f"The manifest has no package {package!r}.",
            "Name one of 'packages', or add it there.",
        )
    if definition.type not in ("string", "securestring"):
        yield around.problem(
            f"{pointer}/package",
            ProblemCode.PARAMETER_TYPE,
            f"The parameter {definition.name!r} is of type {definition.type}, but a package's URI is a string.",
            "Declare the parameter as string in the template.",
        )


def _output_problems(
    definition: ParameterDefinition, wanted: str, pointer: str, around: Surroundings
) -> Iterator[Problem]:
    place = f"{pointer}/output"
    template_name, _, output_name = wanted.partition(".")
    if definition.secure:
        yield around.problem(
            place,
            ProblemCode.PARAMETER_SECURE_LITERAL,
            f"The parameter {definition.name!r} is a {definition.type} and can't be fed by an output, which ARM shows.",
            _SECURE_STEP,
        )
    if template_name.lower() not in around.templates:
        yield unknown_template(template_name, place, around)
        return
    source = around.templates[template_name.lower()]
    if source is None:
        return
    output = source.output(output_name)
    if output is None:
        near = around.nearest.find(output_name, source.outputs)
        yield around.problem(
            place,
            ProblemCode.OUTPUT_UNKNOWN,
            f"{source.document.file} has no output {output_name!r}.",
            f"Did you mean {near!r}?" if near else "Declare the output in that template.",
        )
    elif output.secure:
        yield around.problem(
            place,
            ProblemCode.OUTPUT_SECURE,
            f"The output {output.name!r} of {template_name} is a {output.type}, which ARM lets nobody read.",
            "Keep the secret in Key Vault and give both templates a reference to it.",
        )
    elif not definition.secure and output.type and definition.type and output.type != definition.type:
        yield around.problem(
            place,
            ProblemCode.PARAMETER_TYPE,
            f"The parameter {definition.name!r} is of type {definition.type}, the output {output.name!r} of "
            f"{template_name} of type {output.type}.",
            "Make the types agree.",
        )


def unknown_template(name: str, pointer: str, around: Surroundings) -> Problem:
    """The problem of a template name that the manifest does not have."""
    near = around.nearest.find(name, around.template_names)
    return around.problem(
        pointer,
        ProblemCode.DEPENDENCY_UNKNOWN,
        f"The manifest has no template {name!r}.",
        f"Did you mean {near!r}?" if near else "Name one of 'templates', or add it there.",
    )
