"""A cloud that the table does not hold is described by its own ARM."""

from typing import Any

import pytest

from armature.azure import metadata
from armature.azure.metadata import described_cloud
from armature.clouds import UnknownCloudError, cloud_of
from armature.settings import Settings
from emulator.processes import free_port
from emulator.stack import Stack
from tests.armature.azure.canned import Answer, CannedAdapter
from tests.running import environment_of


def settings_with(**values: Any) -> Settings:
    variables = {"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://storage.contoso/app", **values}
    with environment_of(variables):
        return Settings()


def test_a_custom_cloud_takes_its_endpoints_from_its_arm(stack: Stack):
    with environment_of(stack.app_settings):
        settings = settings_with(
            AZURE_CLOUD="custom",
            ARMATURE_ARM_ENDPOINT=stack.arm_url,
            REQUESTS_CA_BUNDLE=stack.app_settings["REQUESTS_CA_BUNDLE"],
        )
        cloud = cloud_of(settings, described_cloud(settings))

    assert cloud.name == "custom"
    assert cloud.resource_manager == stack.arm_url
    assert all((cloud.audience, cloud.authority_host, cloud.storage_suffix, cloud.key_vault_suffix, cloud.portal))


def test_a_cloud_of_the_table_is_not_asked_for():
    assert described_cloud(settings_with(AZURE_CLOUD="AzureUSGovernment")) is None


def test_an_arm_that_fails_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = CannedAdapter({("GET", metadata.METADATA_PATH): [Answer(503), Answer(200, [])]})
    monkeypatch.setattr(metadata, "shared_transport", adapter.transport)

    assert metadata.endpoints_document("https://arm.example") == []

    assert len(adapter.requests) == 2


@pytest.mark.parametrize("answer", [Answer(200, "<html>Sign in</html>"), Answer(404)], ids=["a page", "nothing"])
def test_an_arm_that_does_not_describe_its_cloud_is_named(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    adapter = CannedAdapter({("GET", metadata.METADATA_PATH): answer})
    monkeypatch.setattr(metadata, "shared_transport", adapter.transport)
    settings = settings_with(AZURE_CLOUD="custom", ARMATURE_ARM_ENDPOINT="https://arm.example")

    with pytest.raises(UnknownCloudError, match="set the other endpoints too"):
        described_cloud(settings)


def test_an_arm_that_does_not_answer_is_named_with_what_to_do():
    settings = settings_with(AZURE_CLOUD="custom", ARMATURE_ARM_ENDPOINT=f"https://127.0.0.1:{free_port()}")

    with pytest.raises(UnknownCloudError, match="set the other endpoints too"):
        described_cloud(settings)
