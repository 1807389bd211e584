"""Conversions between text, JSON, base 64 and URIs."""

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote, unquote_plus, urljoin, urlsplit, urlunsplit

from armature.templates.functions.signature import Function, pure, refusal, require
from armature.templates.reading import JsonSyntaxError, read_first_value
from armature.templates.values import to_json

_DATA_URI = re.compile(r"data:(?P<parameters>[^,]*),(?P<data>.*)", re.DOTALL | re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
_NOT_IN_URI = re.compile(r"[\s<>\"{}|\\^`]")


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
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _decoded(text: str) -> str | None:
    """The UTF-8 text of a base 64 string (white space ignored), or None."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return data.decode("utf-8", "replace")


def _base64_to_string(arguments: list[Any]) -> str:
    text = _decoded(require("base64ToString", arguments, 0, str, only=True))
    if text is None:
        raise refusal(
            "The template language function 'base64ToString' was invoked with a parameter that is not valid. The value "
            "cannot be decoded from base64 representation."
        )
    return text


def _base64_to_json(arguments: list[Any]) -> Any:
    invoked = "The template language function 'base64ToJson' was invoked with a parameter that is not valid."
    text = _decoded(require("base64ToJson", arguments, 0, str, only=True))
    if text is None:
        raise refusal(f"{invoked} The value cannot be decoded from base64 representation.")
    try:
        return read_first_value(text)
    except JsonSyntaxError as error:
        raise refusal(f"{invoked} The decoded string is not a valid json serialized value.") from error


def _data_uri(arguments: list[Any]) -> str:
    value = arguments[0]
    if value is None:
        raise refusal("The template language function 'dataUri' was invoked with a parameter that is not valid.")
    if isinstance(value, str):
        return f"data:text/plain;charset=utf-8;base64,{_encoded(value)}"
    return f"data:application/json;charset=utf-8;base64,{_encoded(to_json(value))}"


def _data_uri_to_string(arguments: list[Any]) -> str:
    value = require("dataUriToString", arguments, 0, str, only=True)
    match = _DATA_URI.fullmatch(value)
    if match and match["parameters"].lower().endswith(";base64"):
        text = _decoded(match["data"])
    else:
        text = unquote_plus(match["data"].replace("+", "%2B")) if match else None
    if text is None:
        raise refusal(
            "The template language function 'dataUriToString' expects its parameter to be formatted as a valid data "
            "URI. "
            f"The provided value '{value}' was not formatted correctly. "
            "Please see https://aka.ms/arm-functions#dataUriToString for usage details."
        )
    return text


def _uri(arguments: list[Any]) -> str:
    base, relative = require("uri", arguments, 0, str), require("uri", arguments, 1, str)
    if not _is_absolute(base):
        raise refusal(
            "The template language function 'uri' expects its first argument to be a uri string. The provided value is "
            f"'{base}'. Please see https://aka.ms/arm-function-datauri for usage details."
        )
    joined = urlsplit(urljoin(base, relative) if relative else base)
    host = joined.hostname or ""
    port = f":{joined.port}" if joined.port and _DEFAULT_PORTS.get(joined.scheme) != joined.port else ""
    user = f"{joined.netloc.rpartition('@')[0]}@" if "@" in joined.netloc else ""
    path = quote(joined.path or "/", safe="/:@!$&'()*+,;=~-._%[]")
    rebuilt: str = urlunsplit((joined.scheme, f"{user}{host}{port}", path, joined.query, joined.fragment))
    return rebuilt


def _is_absolute(text: str) -> bool:
    parts = urlsplit(text)
    return bool(parts.scheme and parts.netloc) and not _NOT_IN_URI.search(text)


def _uri_component(arguments: list[Any]) -> str:
    text: str = require("uriComponent", arguments, 0, str, only=True)
    return quote(text, safe="~-._", errors="replace")


def _uri_component_to_string(arguments: list[Any]) -> str:
    return unquote_plus(require("uriComponentToString", arguments, 0, str, only=True))


def _bool(arguments: list[Any]) -> bool:
    value = arguments[0]
    if type(value) in (bool, int, float):
        return bool(value)
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in ("true", "false"):
        return word == "true"
    raise refusal(
        "The template language function 'bool' was invoked with a parameter that is not valid. The value cannot be "
        "converted to the target type."
    )


def _fail(arguments: list[Any]) -> Any:
    raise refusal(require("fail", arguments, 0, str, only=True))


FUNCTIONS: tuple[Function, ...] = (
    pure("json", 1, 1, _json),
    pure("base64", 1, 1, _base64),
    pure("base64ToString", 1, 1, _base64_to_string),
    pure("base64ToJson", 1, 1, _base64_to_json),
    pure("dataUri", 1, 1, _data_uri),
    pure("dataUriToString", 1, 1, _data_uri_to_string),
    pure("uri", 2, 2, _uri),
    pure("uriComponent", 1, 1, _uri_component),
    pure("uriComponentToString", 1, 1, _uri_component_to_string),
    pure("bool", 1, 1, _bool),
    pure("fail", 1, 1, _fail),
)
