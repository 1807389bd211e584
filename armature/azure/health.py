"""What the app can reach right now: its storage, ARM, and the identity that it acts as."""

import json
from collections.abc import Callable
from typing import Literal

from azure.core.exceptions import AzureError

from armature.azure.failures import failure_of
from armature.azure.metadata import endpoints_document
from armature.azure.services import Services
from armature.errors import FailureError
from armature.models import Model
from armature.redaction import redact


class Check(Model):
    """One thing tried."""

    name: Literal["identity", "storage", "arm"]
    is_reached: bool
    detail: str = ""


class Health(Model):
    """All of it."""

    is_healthy: bool
    cloud: str
    checks: tuple[Check, ...]


def check_health(services: Services) -> Health:
    """Try each service; what fails for a moment is tried again. Changes nothing."""
    checks = (
        _tried("identity", lambda: services.credential.get_token(services.cloud.scope)),
        _tried("storage", lambda: services.deployments.state("health")),
        _tried("arm", lambda: endpoints_document(services.cloud.resource_manager)),
    )
    return Health(is_healthy=all(c.is_reached for c in checks), cloud=services.cloud.name, checks=checks)


def _tried(name: Literal["identity", "storage", "arm"], touch: Callable[[], object]) -> Check:
    try:
        touch()
    except FailureError as failed:
        return Check(name=name, is_reached=False, detail=redact(failed.failure.message))
    except (AzureError, json.JSONDecodeError) as error:
        return Check(name=name, is_reached=False, detail=redact(failure_of(error).message))
    return Check(name=name, is_reached=True)
