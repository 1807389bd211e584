"""Hostile settings: the app does not begin with them, and says which one is wrong without telling its value."""

from collections.abc import Iterator
from functools import partial

from pydantic import ValidationError

from armature.settings import Settings
from bench.hostile.attack import Attack, Met
from bench.hostile.ground import Ground

SOUND = {"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://app.blob.core.windows.net"}

SETTINGS: dict[str, tuple[str, str]] = {
    "storage over http": ("ARMATURE_STORAGE_BLOB_ENDPOINT", "http://app.blob.core.windows.net"),
    "storage with a signature": ("ARMATURE_STORAGE_BLOB_ENDPOINT", "https://app.blob.core.windows.net?sig=secret"),
    "ARM over http": ("ARMATURE_ARM_ENDPOINT", "http://169.254.169.254"),
    "an audience that is no address": ("ARMATURE_ARM_AUDIENCE", "https://management.azure.com\r\nX: y"),
    "no concurrency": ("ARMATURE_MAX_CONCURRENCY", "0"),
    "an endless timeout": ("ARMATURE_TIMEOUT_MINUTES", "inf"),
    "bundles without limit": ("ARMATURE_MAX_BUNDLE_BYTES", "-1"),
    "retention of NaN days": ("ARMATURE_RETENTION_DAYS", "nan"),
}


def _refused(name: str, value: str, ground: Ground) -> Met:
    try:
        Settings.model_validate({**SOUND, name: value})
    except ValidationError as error:
        (fault,) = error.errors(include_url=False, include_input=False, include_context=False)
        return Met("not started", str(fault["loc"][0]), str(fault["msg"]))
    return Met("started", name)


def attacks() -> Iterator[Attack]:
    """All of them."""
    for name, (setting, value) in SETTINGS.items():
        yield Attack("setting", name, partial(_refused, setting, value), "not started", setting)
