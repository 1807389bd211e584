"""A cloud that the table does not hold is described by its own ARM."""

from typing import Any

import pytest

from armature.azure.metadata import described_cloud
from armature.clouds import UnknownCloudError, cloud_of
from armature.settings import Settings
from emulator.processes import free_port
from emulator.stack import Stack
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


def test_an_arm_that_does_not_answer_is_named_with_what_to_do():
    settings = settings_with(AZURE_CLOUD="custom", ARMATURE_ARM_ENDPOINT=f"https://127.0.0.1:{free_port()}")

    with pytest.raises(UnknownCloudError, match="set the other endpoints too"):
        described_cloud(settings)
