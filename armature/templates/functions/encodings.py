"""Conversions between values, JSON, base 64 and data URIs."""

import base64
import binascii
import re
from typing import Any
from urllib.parse import unquote_plus

from armature.templates.functions.signature import Function, pure, refusal, require
from armature.templates.reading import JsonSyntaxError, read_first_value
from armature.templates.values import encodable, to_text

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_DATA_URI = re.compile(
    r"data:(?:[^,;=]+(?P<parameters>(?:;[^,;=]+(?:=[^,;]*)?)*?))?(?P<base64>;base64)?,(?P<data>.*)",
    re.DOTALL | re.IGNORECASE,
)
_CHARSET = re.compile(r";charset=(?P<name>[^;]*)", re.IGNORECASE)
_CHARSETS = ("utf-8", "utf8")
_CONVERSION = "The value cannot be converted to the target type."


def _invoked(name: str, why: str) -> str:
    return f"The template language function '{name}' was invoked with a parameter that is not valid. {why}"


def _json(arguments: list[Any]) -> Any:
    text = require("json", arguments, 0, str, only=True)
    try:
        return read_first_value(text)
    except JsonSyntaxError as error:
        raise refusal(
            "Unable to evaluate the template language function 'json'. The argument provided is not a valid JSON "
            "string."
        ) from error


def _base64(arguments: list[Any]) -> str:
    return _encoded(require("base64", arguments, 0, str, only=True))


def _encoded(text: str) -> str:
    return base64.b64encode(encodable(text).encode()).decode("ascii")


def _decoded(text: str) -> str | None:
    """The UTF-8 text of a base 64 string (white space ignored), or None."""
    compact = "".join(text.split())
    if not _BASE64.fullmatch(compact):
        return None
    try:
        return base64.b64decode(compact, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return None


def _base64_to_string(arguments: list[Any]) -> str:
    text = _decoded(require("base64ToString", arguments, 0, str, only=True))
    if text is None:
        raise refusal(_invoked("base64ToString", "The value cannot be decoded from base64 representation."))
    return text


def _base64_to_json(arguments: list[Any]) -> Any:
    text = _decoded(require("base64ToJson", arguments, 0, str, only=True))
    if text is None:
        raise refusal(_invoked("base64ToJson", "The value cannot be decoded from base64 representation."))
    try:
        return read_first_value(text)
    except JsonSyntaxError as error:
        raise refusal(_invoked("base64ToJson", "The decoded string is not a valid json serialized value.")) from error


def _data_uri(arguments: list[Any]) -> str:
    value = arguments[0]
    if value is None:
        raise refusal(_invoked("dataUri", _CONVERSION))
    media_type = "text/plain" if isinstance(value, str) else "application/json"
    return f"data:{media_type};charset=utf-8;base64,{_encoded(to_text(value))}"


def _data_uri_to_string(arguments: list[Any]) -> str:
    value = require("dataUriToString", arguments, 0, str, only=True)
    see = "Please see https://aka.ms/arm-functions#dataUriToString for usage details."
    match = _DATA_URI.fullmatch(value)
    if not match:
        raise refusal(
            "The template language function 'dataUriToString' expects its parameter to be formatted as a valid data "
            f"URI. The provided value '{value}' was not formatted correctly. {see}"
        )
    charset = _CHARSET.search(match["parameters"] or "")
    if charset and charset["name"].lower() not in _CHARSETS:
        raise refusal(
            "The template language function 'dataUriToString' parameter is not valid. The provided charset "
            f"'{charset['name']}' is not supported. {see}"
        )
    text = _decoded(match["data"]) if match["base64"] else unquote_plus(match["data"])
    if text is None:
        raise refusal(_invoked("dataUriToString", _CONVERSION))
    return text


def _bool(arguments: list[Any]) -> bool:
    value = arguments[0]
    if type(value) in (bool, int, float):
        return bool(value)
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in ("true", "false"):
        return word == "true"
    raise refusal(_invoked("bool", _CONVERSION))


def _fail(arguments: list[Any]) -> Any:
    raise refusal(require("fail", arguments, 0, str, only=True))


FUNCTIONS: tuple[Function, ...] = (
    pure("json", 1, 1, _json),
    pure("base64", 1, 1, _base64),
    pure("base64ToString", 1, 1, _base64_to_string),
    pure("base64ToJson", 1, 1, _base64_to_json),
    pure("dataUri", 1, 1, _data_uri),
    pure("dataUriToString", 1, 1, _data_uri_to_string),
    pure("bool", 1, 1, _bool),
    pure("fail", 1, 1, _fail),
)
