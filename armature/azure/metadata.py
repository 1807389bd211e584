"""What ARM says of the cloud it belongs to: for clouds that the table does not hold, such as an Azure Stack Hub."""

import json

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest, HttpResponse

from armature.azure.brief_retries import BriefRetry
from armature.azure.transport import shared_transport
from armature.clouds import CLOUDS, Cloud, UnknownCloudError, cloud_from_metadata
from armature.settings import Settings

METADATA_PATH = "/metadata/endpoints"
METADATA_API_VERSION = "2022-09-01"
TIMEOUT_SECONDS = 10


def endpoints_document(resource_manager: str) -> object:
    """The JSON of `GET /metadata/endpoints`, which ARM answers to anybody. Changes nothing.

    Raises:
        AzureError, json.JSONDecodeError: it can't be reached for longer than a moment, or answers no JSON.
    """
    client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
        resource_manager, policies=[BriefRetry()], transport=shared_transport()
    )
    request = HttpRequest("GET", f"{resource_manager}{METADATA_PATH}", params={"api-version": METADATA_API_VERSION})
    answer = client.send_request(request, connection_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS)
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
    except (AzureError, json.JSONDecodeError) as error:
        message = f"ARMATURE_ARM_ENDPOINT does not answer {METADATA_PATH}, which describes its cloud"
        raise UnknownCloudError(f"{message} ({type(error).__name__}): set the other endpoints too.") from error
    return cloud_from_metadata(document, settings.azure_cloud, settings.arm_endpoint)
