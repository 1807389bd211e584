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
    "storage with a user": ("ARMATURE_STORAGE_BLOB_ENDPOINT", "https://app:hunter2@app.blob.core.windows.net"),
    "Entra with a user": ("ARMATURE_AUTHORITY_HOST", "https://login.microsoftonline.com@evil.example"),
    "a protected target that protects nothing": ("ARMATURE_PROTECTED_TARGETS", "rg-prod"),
    "a protected target that climbs": ("ARMATURE_PROTECTED_TARGETS", "/subscriptions/../x"),
    "an approval without end": ("ARMATURE_APPROVAL_TIMEOUT_MINUTES", "inf"),
    "notices over http": ("ARMATURE_NOTIFICATION_URL", "http://hooks.example/hunter2"),
    "notices with a user": ("ARMATURE_NOTIFICATION_URL", "https://x:hunter2@hooks.example/"),
    "notices with a line break": ("ARMATURE_NOTIFICATION_URL", "https://hooks.example/hunter2\r\nX: y"),
    "a network that is none": ("ARMATURE_NOTIFICATION_NETWORKS", "everywhere"),
    "a network with more bits than it has": ("ARMATURE_ENDPOINT_ALLOWED_NETWORKS", "10.0.0.1/8"),
    "an endless wait for an endpoint": ("ARMATURE_ENDPOINT_TIMEOUT_SECONDS", "inf"),
    "a warm-up of a year": ("ARMATURE_VALIDATION_WARM_UP_SECONDS", "31536000"),
    "artifacts in public, perhaps": ("ARMATURE_ARTIFACTS_PUBLIC_ACCESS", "Perhaps"),
    "a switch that is no switch": ("ARMATURE_TRUST_CLIENT_PRINCIPAL", "always; please"),
}


def _refused(name: str, value: str, ground: Ground) -> Met:
    try:
        Settings.model_validate({**SOUND, name: value})
    except ValidationError as error:
        (fault,) = error.errors(include_url=False, include_input=False, include_context=False)
        told = f"{fault['msg']} {error}"
        return Met("not started", "told its secret" if "hunter2" in told else str(fault["loc"][0]), told)
    return Met("started", name)


def attacks() -> Iterator[Attack]:
    """All of them."""
    for name, (setting, value) in SETTINGS.items():
        yield Attack("setting", name, partial(_refused, setting, value), "not started", setting)
