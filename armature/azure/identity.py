"""Who the app is: its credential, and the object id that roles are given to."""

import base64
import json
import os
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineResponse
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from armature.azure.brief_retries import BriefRetry
from armature.azure.failures import arm_failures
from armature.azure.tokens import RenewableCredential
from armature.clouds import Cloud
from armature.errors import FailureClass, FailureError, failure
from armature.settings import Settings

PLATFORM_IDENTITY = "IDENTITY_ENDPOINT"
"""What App Service and Functions set for an app that has a managed identity (App Service, managed identities, 2025)."""


def credential(settings: Settings, cloud: Cloud) -> RenewableCredential:
    """The credential that the app acts with: its managed identity where the platform offers one, else what
    DefaultAzureCredential finds, such as a developer's `az login`.

    The managed identity is asked alone: in a chain, an identity endpoint that is out of reach for a moment would look
    like an app without any identity. One credential per process for the same arguments, so that tokens are fetched
    once and reused until they expire or a service refuses them. Asks for nothing yet; the first call that needs a token
    does.
    """
    return _credential(cloud.authority_host, settings.azure_client_id)


@lru_cache(maxsize=8)
def _credential(authority_host: str, client_id: str | None) -> RenewableCredential:
    if PLATFORM_IDENTITY in os.environ:
        return RenewableCredential(lambda: _platform_identity(client_id))
    return RenewableCredential(lambda: _developers_sign_in(authority_host, client_id))


def _platform_identity(client_id: str | None) -> TokenCredential:
    return ManagedIdentityCredential(
        client_id=client_id, raw_response_hook=_refuse_passing_failure, retry_policy_class=BriefRetry
    )


def _developers_sign_in(authority_host: str, client_id: str | None) -> TokenCredential:
    return DefaultAzureCredential(
        authority=authority_host,
        managed_identity_client_id=client_id,
        exclude_interactive_browser_credential=True,
        exclude_shared_token_cache_credential=True,
        exclude_visual_studio_code_credential=True,
        exclude_broker_credential=True,
    )


def _refuse_passing_failure(response: PipelineResponse[Any, Any]) -> None:
    """Raise what a busy or broken identity endpoint answers, which the credential would take for a missing identity."""
    status = response.http_response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise HttpResponseError(response=response.http_response)


def principal_id(credential: TokenCredential, cloud: Cloud) -> str:
    """The object id of the app's identity: the claim `oid` of its own token for ARM. Changes nothing.

    Raises:
        FailureError: no token can be had, or it names no object.
    """
    with arm_failures():
        token = credential.get_token(cloud.scope).token
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["oid"])
    except (IndexError, KeyError, TypeError, ValueError):
        # `from None`: the message of a decoding error would quote the token.
        message = "The app's token for Azure Resource Manager does not say which identity it is for (claim oid)."
        raise FailureError(failure(FailureClass.AUTHORIZATION, "PrincipalUnknown", message)) from None
