"""The links of deployments: where a template or a parameter file is to be fetched, and what relative ones lead to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from emulator.arm.errors import ArmError, invalid_request_content
from emulator.arm.identifiers import ResourceId


@dataclass(frozen=True, repr=False)  # it holds a SAS
class TemplateLink:
    """Where a template or a parameter file is to be fetched.

    `query` is the link's `queryString` (a SAS), which relative links of the fetched template inherit. `spec` is the id
    of a template spec's version, which holds the template and, by relative path, those that it links.
    """

    uri: str
    query: str = ""
    content_version: str | None = None
    relative_path: str | None = None
    spec: str | None = None

    @property
    def address(self) -> str:
        """The address to fetch."""
        separator = "&" if "?" in self.uri else "?"
        return f"{self.uri}{separator}{self.query}" if self.query else self.uri

    def shown(self) -> dict[str, Any]:
        """The link as answers show it, without any query string."""
        shown = {"id": self.spec} if self.spec else {"uri": self.uri.partition("?")[0]}
        shown |= {"relativePath": self.relative_path} if self.relative_path else {}
        return shown | ({"contentVersion": self.content_version} if self.content_version else {})


def read_link(link: Any, base: TemplateLink | None, deployment_id: ResourceId) -> TemplateLink:
    """A `templateLink` or `parametersLink`, whose relative path is relative to `base` and inherits its query string.

    Raises `ArmError`: InvalidRequestContent, InvalidTemplateLink, InvalidContentLink.
    """
    if not isinstance(link, Mapping):
        raise invalid_request_content("The link is not an object")
    uri, spec, relative = link.get("uri"), link.get("id"), link.get("relativePath")
    query, version = str(link.get("queryString") or "").lstrip("?"), link.get("contentVersion")
    if spec is not None:
        return TemplateLink("", query, version, spec=str(ResourceId.parse(str(spec))))
    if relative and uri is None:
        if base is None:
            message = (
                f"The deployment '{deployment_id}' must specify either the TemplateLink Uri or TemplateLink Id "
                "property. Please see https://aka.ms/arm-module for usage details."
            )
            raise ArmError(400, "InvalidTemplateLink", message)
        if base.spec:
            return TemplateLink("", query, version, resolved(base.relative_path or "", str(relative)), base.spec)
        return TemplateLink(resolved(base.uri, str(relative)), query or base.query, version, str(relative))
    if not isinstance(uri, str) or not uri.lower().startswith(("https://", "http://")):
        raise ArmError(400, "InvalidContentLink", _unusable_link(uri))
    return TemplateLink(uri, query, version)


def _unusable_link(uri: Any) -> str:
    return (
        f"The provided content link '{uri}' is invalid or not supported. Content link must be an absolute URI not "
        "referencing local host or UNC path."
    )


def resolved(base: str, relative: str) -> str:
    """`relative` against the folder of `base`, whose query string is dropped."""
    return urljoin(base.partition("?")[0], relative)
