"""Templates that are kept as template specs, which a link names by `id`.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-specs and the REST reference of
`Microsoft.Resources/templateSpecs/versions` (`mainTemplate`, `linkedTemplates`).
"""

from emulator.arm.engine.source import Source
from emulator.arm.engine.template_link import TemplateLink
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState


def spec_template(state: CloudState, link: TemplateLink) -> Source:
    """The template of a spec's version, or one of those it links by relative path.

    Raises `ArmError`: ResourceNotFound, InvalidTemplateLink.
    """
    version = state.resource(ResourceId.parse(link.spec or ""))
    if link.relative_path is None:
        template = version.properties.get("mainTemplate")
    else:
        linked = version.properties.get("linkedTemplates") or []
        template = next((one.get("template") for one in linked if one.get("path") == link.relative_path), None)
    if not isinstance(template, dict):
        message = f"The template spec '{link.spec}' holds no template '{link.relative_path or 'mainTemplate'}'."
        raise ArmError(400, "InvalidTemplateLink", message)
    return Source.of(template)
