"""Tags: their limits, and the `Microsoft.Resources/tags/default` of a scope with its Merge, Replace and Delete.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources and
https://learn.microsoft.com/rest/api/resources/tags.
"""

from collections.abc import Mapping
from typing import Any

from emulator.arm.catalogue import find_type
from emulator.arm.errors import ArmError, invalid_request_content
from emulator.arm.identifiers import ResourceId

MAX_TAGS = 50  # Tag resources, Limitations
MAX_NAME, MAX_VALUE = 512, 256
_FORBIDDEN = frozenset("<>%&\\?/")


def check_tags(tags: Any) -> None:
    """Raise `ArmError` for tags that ARM does not take: TooManyTags, InvalidTagName…, InvalidTagValue…."""
    if tags is None:
        return
    if not isinstance(tags, Mapping):
        raise invalid_request_content("the tags are not an object")
    if len(tags) > MAX_TAGS:
        message = f"The number of tags '{len(tags)}' exceeds the limit of '{MAX_TAGS}' tags."
        raise ArmError(400, "TooManyTags", message)
    for name, value in tags.items():
        if not name or _FORBIDDEN & set(name):
            message = (
                f"The following tag names contain invalid characters: '{name}'. The characters are '<,>,%,&,\\,?,/'."
            )
            raise ArmError(400, "InvalidTagNameCharacters", message)
        if len(name) > MAX_NAME:
            message = f"Tag name too large. Following tag name '{name}' exceeded the maximum length. Maximum allowed "
            raise ArmError(400, "InvalidTagNameLength", f"{message}length for tag name - '{MAX_NAME}' characters.")
        if len(str(value or "")) > MAX_VALUE:
            message = (
                f"Tag value too large. Following tag value '{value}' exceeded the maximum length. Maximum allowed "
            )
            raise ArmError(400, "InvalidTagValueLength", f"{message}length for tag value - '{MAX_VALUE}' characters.")
    names = [name.lower() for name in tags]
    if len(names) != len(set(names)):
        raise ArmError(400, "DuplicateTagNames", "Tag names must be unique, without regard to case.")


def check_takes_tags(resource_id: ResourceId) -> None:
    """Raise `ArmError` for a resource whose type takes no tags; what the answer is then is documented nowhere."""
    known = None if resource_id.is_subscription or resource_id.is_resource_group else find_type(resource_id.type)
    if known is not None and not known.takes_tags:
        message = f"The resource type '{resource_id.type}' does not support tags."
        raise ArmError(405, "MethodNotAllowed", message)


def changed_tags(tags: Mapping[str, str], operation: str, given: Mapping[str, str]) -> dict[str, str]:
    """The tags after an operation; raises `ArmError` for an operation that there is none of.

    `Merge` adds and replaces, `Replace` takes the given ones alone, `Delete` removes those of the given name and value.
    """
    existing = {name.lower(): name for name in tags}
    match operation.lower():
        case "replace":
            return dict(given)
        case "merge":
            kept = dict(tags)
            for name, value in given.items():
                kept[existing.get(name.lower(), name)] = value
            return kept
        case "delete":
            gone = {(name.lower(), value) for name, value in given.items()}
            return {name: value for name, value in tags.items() if (name.lower(), value) not in gone}
    raise ArmError(
        400, "InvalidTagPatchOperation", f"The operation '{operation}' is not one of Merge, Replace, Delete."
    )
