"""Tokens that can be asked for anew: a service may refuse one that azure-identity still takes for good.

    RenewableCredential    the app's credential; forgets its tokens when told to
    RenewingPolicy         in ARM's pipeline: a 401 has the token renewed and the request sent once more
    StorageCredential      for storage's SDK, whose own policy does the sending

azure-identity keeps a token until shortly before its end, as it was told it; so does each client's policy. A token that
was issued wrong, or ended early, would be shown for an hour.
"""

import json
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from armature.azure.failures import failure_of
from armature.clouds import STORAGE_SCOPE
from armature.errors import Failure, FailureClass, FailureError, failure_from_code

RENEWED_LATELY_SECONDS = 5.0
"""Within this time after a renewal, further refusals are taken to be of tokens from before it: threads share them."""


class RenewableCredential:
    """A credential whose tokens can be forgotten. Thread-safe.

    `make` makes the credential that is asked; what that one keeps is lost with it.
    """

    def __init__(self, make: Callable[[], TokenCredential]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._renewed_at: float | None = None
        self.inner = make()

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token, perhaps one that was kept.

        Raises:
            FailureError: IdentityEndpointUnreachable when that is out of reach or broken for longer than a moment;
                CredentialUnavailable, …
        """
        try:
            return self.inner.get_token(*scopes, **options)
        except (AzureError, json.JSONDecodeError) as error:
            raise FailureError(_identity_failure(error)) from None

    def renew(self) -> None:
        """Forget all tokens, because one was refused: the next that is asked for is a new one."""
        with self._lock:
            now = time.monotonic()
            if self._renewed_at is not None and now - self._renewed_at < RENEWED_LATELY_SECONDS:
                return
            self._renewed_at = now
            self.inner = self._make()


class RenewingPolicy(ARMChallengeAuthenticationPolicy):
    """Adds the token to a request. When it is refused, the request is sent once more with a new one."""

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send the request; a 401 that does not say how to sign in is as good a reason to renew as one that does."""
        response = super().send(request)
        is_refused = response.http_response.status_code == HTTPStatus.UNAUTHORIZED
        if is_refused and "WWW-Authenticate" not in response.http_response.headers:
            self._renew(request)
            response = self.next.send(request)
        return response

    def on_challenge(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> bool:
        """Meet the challenge: with the claims that it asks for, else with a new token."""
        if not super().on_challenge(request, response):
            self._renew(request)
        return True

    def _renew(self, request: PipelineRequest[Any]) -> None:
        if isinstance(self._credential, RenewableCredential):
            self._credential.renew()
        self.authorize_request(request, *self._scopes)


class StorageCredential:
    """What clients of storage are given in place of a credential.

    Their policy meets a 401 by asking for a token of the tenant and the audience that the answer names. Here that has
    the token renewed, and whoever answers does not choose the audience: another's storage could ask for one of ARM's.
    """

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential

    def get_token(self, *_: str, tenant_id: str | None = None, **options: Any) -> AccessToken:
        """A token for storage. Raises FailureError as the credential does."""
        if tenant_id is not None and isinstance(self._credential, RenewableCredential):
            self._credential.renew()
        return self._credential.get_token(STORAGE_SCOPE, **options)


def _identity_failure(error: Exception) -> Failure:
    found = failure_of(error)
    if found.failure_class is not FailureClass.TRANSIENT:
        return found
    message = f"The identity endpoint gave no token: {found.message}"
    unreachable = failure_from_code("IdentityEndpointUnreachable", message)
    return unreachable.model_copy(update={"retry_after_seconds": found.retry_after_seconds})
