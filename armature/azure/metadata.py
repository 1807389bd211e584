"""What ARM says of the cloud it belongs to: for clouds that the table does not hold, such as an Azure Stack Hub."""

import requests

from armature.clouds import CLOUDS, Cloud, UnknownCloudError, cloud_from_metadata
from armature.settings import Settings

METADATA_PATH = "/metadata/endpoints"
METADATA_API_VERSION = "2022-09-01"
TIMEOUT_SECONDS = 10


def endpoints_document(resource_manager: str) -> object:
    """The JSON of `GET /metadata/endpoints`, which ARM answers to anybody. Changes nothing.

    Raises:
        requests.RequestException: it can't be reached, or answers no JSON.
    """
    parameters = {"api-version": METADATA_API_VERSION}
    answer = requests.get(f"{resource_manager}{METADATA_PATH}", params=parameters, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    document: object = answer.json()
    return document


def described_cloud(settings: Settings) -> Cloud | None:
    """The cloud as its ARM describes it; None where the table has it, the settings tell all, or no ARM is named.

    Raises:
        UnknownCloudError: that ARM can't be asked, or does not describe its cloud.
    """
    told = (settings.arm_audience, settings.authority_host, settings.storage_suffix, settings.key_vault_suffix)
    is_told = all((*told, settings.portal_url))
    if settings.azure_cloud in CLOUDS or settings.arm_endpoint is None or is_told:
        return None
    try:
        document = endpoints_document(settings.arm_endpoint)
    except requests.RequestException as error:
        message = f"ARMATURE_ARM_ENDPOINT does not answer {METADATA_PATH}, which describes its cloud"
        raise UnknownCloudError(f"{message} ({type(error).__name__}): set the other endpoints too.") from error
    return cloud_from_metadata(document, settings.azure_cloud, settings.arm_endpoint)
