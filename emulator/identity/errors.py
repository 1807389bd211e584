"""How the endpoint refuses: App Service's JSON shape, with a correlation id."""

import uuid
from collections.abc import Mapping

from aiohttp import web


class TokenRequestRefused(Exception):  # noqa: N818 - a refusal, as the endpoint words it
    """A token request that is answered with an HTTP status and a message."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The answer: `{statusCode, message, correlationId}`, which is what msal reads errors of App Service from."""
        body = {"statusCode": self.status, "message": self.message, "correlationId": str(uuid.uuid4())}
        return web.json_response(body, status=self.status, headers=self.headers)
