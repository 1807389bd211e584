"""What health says when something can't be reached: which, and why, and nothing of a secret."""

from dataclasses import dataclass, fields
from typing import Any

from azure.core.exceptions import ClientAuthenticationError

from armature.azure.health import check_health
from armature.azure.services import Services
from armature.clouds import CLOUDS
from armature.errors import FailureClass, FailureError, failure
from emulator.processes import free_port


@dataclass
class Broken:
    """A credential and a store of deployments that fail."""

    error: Exception

    def get_token(self, *_: str, **__: Any) -> None:
        raise self.error

    def state(self, _: str) -> None:
        raise self.error


def broken_services() -> Services:
    refused = ClientAuthenticationError(message="AADSTS700016 for Bearer eyJhbGciOi.eyJhdWQiOi.c2ln")
    unreachable = FailureError(failure(FailureClass.TRANSIENT, "ConnectionError", "Storage can't be reached."))
    cloud = CLOUDS["AzureCloud"].model_copy(update={"resource_manager": f"https://127.0.0.1:{free_port()}"})
    parts: dict[str, Any] = dict.fromkeys(field.name for field in fields(Services))
    broken = {"cloud": cloud, "credential": Broken(refused), "deployments": Broken(unreachable)}
    return Services(**{**parts, **broken})


def test_each_service_that_cannot_be_reached_is_named_with_its_reason():
    health = check_health(broken_services())

    assert not health.is_healthy
    assert {check.name: check.is_reached for check in health.checks} == {
        "identity": False,
        "storage": False,
        "arm": False,
    }
    assert all(check.detail for check in health.checks)
    assert "eyJhdWQiOi" not in health.model_dump_json()
