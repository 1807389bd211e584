"""Brief retries: a call that fails for a moment is made again at once, a few times within some seconds.

    policies.append(BriefRetry())                              a pipeline of azure-core: ARM, the identity endpoint
    BlobServiceClient(..., retry_policy=BriefStorageRetry())   clients of blob storage

An activity makes ten calls, and one of five may fail for a moment: without this, nine activities of ten would. What
lasts longer is the caller's matter, whose durable timer waits without holding a thread: also a Retry-After of more than
a few seconds, which the Failure then carries. Every call of the gateways may be repeated: those that write say so
by their names, their conditions, or what is written.
"""

import random
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import RetryPolicy
from azure.storage.blob import ExponentialRetry

from armature.azure.failures import retry_after_seconds
from armature.errors.exceptions import connection_code

PASSING_STATUSES = frozenset((408, 429, 500, 502, 503, 504))

_CUT = (ServiceRequestError, ServiceResponseError, IncompleteReadError)
_SILENT = (ServiceRequestTimeoutError, ServiceResponseTimeoutError)
"""A silence has cost a thread its time already: asking again at once may cost as much once more."""

_JITTER = random.Random()  # noqa: S311  (spreads callers, keeps no secret)
_METHODS = frozenset(("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"))


@dataclass(frozen=True)
class BriefPatience:
    """How often a call is made, and how many seconds are waited in between.

    Pauses double from `first_pause` on, each shortened by up to a half at random, so that callers that failed together
    don't come back together. `longest_pause` is also the longest Retry-After that is waited for.
    """

    tries: int = 5
    first_pause: float = 0.2
    longest_pause: float = 2.0
    waited_at_most: float = 4.5

    def pause(self, failed: int, waited: float, retry_after: float | None) -> float | None:
        """The pause after so many failed tries and so many seconds waited for already; None when it is time to give
        up."""
        if failed >= self.tries or (retry_after or 0) > self.longest_pause:
            return None
        if retry_after is not None:
            pause = retry_after * _JITTER.uniform(1.0, 1.1)
        else:
            pause = min(self.first_pause * 2 ** (failed - 1), self.longest_pause) * _JITTER.uniform(0.5, 1.0)
        return pause if waited + pause <= self.waited_at_most else None


BRIEFLY = BriefPatience()


class BriefRetry(RetryPolicy[Any, Any]):
    """The retry policy of azure-core's pipelines with our patience, for all methods."""

    def __init__(self, patience: BriefPatience = BRIEFLY, **_: Any) -> None:
        """azure-identity makes its policy from all the options that a credential was given."""
        tries = patience.tries
        super().__init__(retry_total=tries, retry_connect=tries, retry_read=tries, retry_status=tries)
        self._patience = patience

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """What one call keeps: azure-core's own counters, and ours."""
        settings = super().configure_retries(options)
        return {**settings, "methods": _METHODS, "failed": 0, "waited": 0.0, "pause": 0.0}

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether the answer tells of something that may be over in a moment. azure-core would also repeat whatever
        comes with a Retry-After, such as a conflict that lasts minutes."""
        return response.http_response.status_code in PASSING_STATUSES

    def increment(self, settings: dict[str, Any], response: Any = None, error: Exception | None = None) -> bool:
        """Count a failed try; whether there is another."""
        return _goes_on(self._patience, settings, response, error) and super().increment(settings, response, error)

    def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:
        """Wait for the pause that was found when the try was counted."""
        transport.sleep(settings["pause"])


class BriefStorageRetry(ExponentialRetry):
    """The retry policy of the storage SDK with our patience; the SDK's own takes no notice of 429 and Retry-After.

    The option `retry_hook` of a call is called before each further try.
    """

    def __init__(self, patience: BriefPatience = BRIEFLY) -> None:
        tries = patience.tries
        super().__init__(retry_total=tries, retry_connect=tries, retry_read=tries, retry_status=tries)
        self._patience = patience

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send the request, again while that may help; the last answer, or the last exception."""
        settings = {**self.configure_retries(request), "failed": 0, "waited": 0.0, "pause": 0.0}
        while True:
            try:
                response = self.next.send(request)
            except AzureError as error:
                if not self._is_repeated(settings, request, error=error):
                    raise
                continue
            is_passing = response.http_response.status_code in PASSING_STATUSES
            if not (is_passing and self._is_repeated(settings, request, response)):
                response.http_response.location_mode = settings["mode"]  # the SDK's lists read it
                return response

    def _is_repeated(
        self, settings: dict[str, Any], request: PipelineRequest[Any], response: Any = None, error: Any = None
    ) -> bool:
        """Whether there is another try. Returns when it is time for it."""
        answer = response.http_response if response else None
        if not _goes_on(self._patience, settings, response, error):
            return False
        if not self.increment(settings, request.http_request, answer, error):  # a body that can't be sent again
            return False
        if settings["hook"]:
            settings["hook"]()
        transport: Any = request.context.transport
        transport.sleep(settings["pause"])
        return True


def _goes_on(patience: BriefPatience, settings: dict[str, Any], response: Any, error: Exception | None) -> bool:
    """Whether there is another try, after the pause that `settings` then tell."""
    if error is not None and not is_momentary(error):
        return False
    answer = getattr(error, "response", None) or getattr(response, "http_response", None)
    retry_after = retry_after_seconds(answer.headers.get("Retry-After")) if answer is not None else None
    settings["failed"] += 1
    pause = patience.pause(settings["failed"], settings["waited"], retry_after)
    if pause is None:
        return False
    settings["waited"] += pause
    settings["pause"] = pause
    return True


def is_momentary(error: Exception) -> bool:
    """Whether an exception of the SDKs tells of something that may be over in a moment."""
    if isinstance(error, HttpResponseError) and error.response is not None:
        return error.status_code in PASSING_STATUSES
    if isinstance(error, _SILENT):
        return False
    how = connection_code(error)
    return how != "CertificateNotTrusted" and (how is not None or isinstance(error, _CUT))
