"""Answers of the Durable HTTP API: JSON as .NET writes it, and refusals; shapes as recorded, without stack traces."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from emulator.functions_host.durable.history import compact


def json_answer(
    document: object, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with a JSON document."""
    return web.json_response(text=compact(document), status=status, headers=headers)


def message(text: str, status: HTTPStatus) -> web.Response:
    """Answer with nothing but a Message."""
    return json_answer({"Message": text}, status)


def _exception(text: str, reason: str, kind: str, status: HTTPStatus) -> web.Response:
    return json_answer({"Message": text, "ExceptionMessage": reason, "ExceptionType": kind}, status)


def incorrect_argument(reason: str, text: str = "One or more of the arguments submitted is incorrect") -> web.Response:
    """Answer that the extension has thrown an ArgumentException."""
    return _exception(text, reason, "System.ArgumentException", HTTPStatus.BAD_REQUEST)


def invalid_operation(reason: str) -> web.Response:
    """Answer that the extension has thrown an InvalidOperationException, which it does not foresee."""
    text = "Something went wrong while processing your request"
    return _exception(text, reason, "System.InvalidOperationException", HTTPStatus.INTERNAL_SERVER_ERROR)


def invalid_json(error: ValueError) -> web.Response:
    """Answer that a body is no JSON; the exception's words are Python's."""
    kind = "Newtonsoft.Json.JsonReaderException"
    return _exception("Invalid JSON content", str(error), kind, HTTPStatus.BAD_REQUEST)
