"""parseUri() and buildUri(): a URI taken apart and put together, as .NET's Uri and UriBuilder do it."""

import re
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import unquote_to_bytes

from armature.templates.access import shown_key
from armature.templates.errors import ExpressionError
from armature.templates.functions.networks import ipv4_address
from armature.templates.functions.signature import Function, pure, refusal, require, small
from armature.templates.functions.uris import encoded, without_dots
from armature.templates.values import find_name, type_name

_SCHEME = re.compile(r"(?P<scheme>[^:/?#\\\s]+):(?P<rest>.*)", re.DOTALL)
_VALID_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_AUTHORITY = re.compile(r"//(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[^\]]*)?\]|[^:\[\]]*)(?::(?P<port>.*))?", re.DOTALL)
_NO_HOST_NAME = re.compile(r"[\s<>\"{}|^`\[\]:]")
_DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "ftp": 21,
    "gopher": 70,
    "nntp": 119,
    "telnet": 23,
    "ldap": 389,
    "net.tcp": 808,
}
_NEED_HOST = ("http", "https", "ws", "wss", "ftp", "gopher", "nntp", "telnet", "net.tcp")
_WITHOUT_QUERY = ("ftp", "file", "telnet", "nntp", "gopher")
_MOST_PORT = 65535
_STAYS_ENCODED = set(b"#%/?@\\")
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


class _UriError(ValueError):
    """The text is no absolute URI; the text is .NET's reason."""


def _parse_uri(arguments: list[Any]) -> dict[str, Any]:
    text: str = require("parseUri", arguments, 0, str, only=True)
    try:
        scheme, host, port, path, query = _taken_apart(text.strip())
    except _UriError as error:
        raise refusal(f"The specified URL '{text}' is not valid 'Invalid URI: {error}.'.") from error
    parts: dict[str, Any] = {"scheme": scheme, "host": host, "port": port}
    if path != "/":
        parts["path"] = path
    return {**parts, "query": query} if query else parts


def _taken_apart(text: str) -> tuple[str, str, int | None, str, str]:
    if not text:
        raise _UriError("The URI is empty")
    if text.startswith(("/", "\\")):
        return _file(text.replace("\\", "/"))
    match = _SCHEME.fullmatch(text)
    if not match or (len(match["scheme"]) == 1 and not match["rest"]):
        raise _UriError("The format of the URI could not be determined")
    if not _VALID_SCHEME.fullmatch(match["scheme"]):
        raise _UriError("The URI scheme is not valid")
    if len(match["scheme"]) == 1:
        if not match["rest"].startswith(("/", "\\")):
            raise _UriError("A Dos path must be rooted, for example, 'c:\\\\'")
        return "file", "", None, _as_path(text.replace("\\", "/"), keep_query=True), ""
    scheme, rest = match["scheme"].lower(), match["rest"].partition("#")[0]
    head, mark, query = rest.partition("?")
    head = head.replace("\\", "/") if scheme in _NEED_HOST or scheme == "file" else head
    inside = _AUTHORITY.fullmatch(head)
    if scheme == "mailto":
        return scheme, head.rpartition("@")[2].lower(), None, "", encoded(mark + query)
    if inside is None:
        if scheme in _NEED_HOST:
            raise _UriError("The Authority/Host could not be parsed")
        return scheme, "", None, encoded(head), encoded(mark + query)
    host, port = _host_and_port(scheme, inside["authority"])
    path = inside["rest"] + (mark + query if scheme in _WITHOUT_QUERY else "")
    query = "" if scheme in _WITHOUT_QUERY else encoded(mark + query)
    return scheme, host, port, without_dots(_as_path(path, keep_query=scheme in _WITHOUT_QUERY)) or "/", query


def _file(text: str) -> tuple[str, str, int | None, str, str]:
    host, path = "", text
    if text.startswith("//"):
        host, slash, rest = text[2:].partition("/")
        path = slash + rest
    return "file", host.lower(), None, without_dots(_as_path(path, keep_query=True)) if path else "/", ""


def _as_path(text: str, *, keep_query: bool) -> str:
    path = encoded(text)
    return path.replace("?", "%3F").replace("#", "%23") if keep_query else path


def _host_and_port(scheme: str, authority: str) -> tuple[str, int | None]:
    match = _HOST.fullmatch(authority.rpartition("@")[2])
    if not match or (not match["host"] and scheme in _NEED_HOST):
        raise _UriError("The hostname could not be parsed")
    host, port = match["host"].lower(), match["port"]
    if host.startswith("[") and not _is_ipv6(re.sub("%.*", "]", host)[1:-1]):
        raise _UriError("The hostname could not be parsed")
    if not host.startswith("[") and _NO_HOST_NAME.search(host):
        raise _UriError("The hostname could not be parsed")
    if port and not (port.isascii() and port.isdecimal() and int(port[:6]) <= _MOST_PORT):
        raise _UriError("Invalid port specified")
    host = re.sub("%.*", "]", host) if host.startswith("[") else host
    number = ipv4_address(host)
    host = str(number) if number is not None else host
    given = int(port) if port else None
    return host, None if given == _DEFAULT_PORTS.get(scheme) else given


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _build_uri(arguments: list[Any]) -> str:
    parts: dict[str, Any] = require("buildUri", arguments, 0, dict, only=True)
    scheme, host = _required(parts, "scheme"), _required(parts, "host")
    port = _part(parts, "port", int)
    path, query = _part(parts, "path", str) or "", _part(parts, "query", str) or ""
    if port is not None:
        _check_port(small(port))
    scheme = scheme.partition(":")[0].lower()
    if not _VALID_SCHEME.fullmatch(scheme):
        raise _failed("Invalid URI: The URI scheme is not valid. (Parameter 'value')")
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    user, at, name = host.rpartition("@")
    try:
        _host_and_port(scheme, re.split("[/?#]", name)[0])
    except _UriError as error:
        raise _failed(f"Invalid URI: {error}.") from error
    path = path.replace("\\", "/").replace("?", "%3F").replace("#", "%23")
    path = without_dots(path if path.startswith("/") else f"/{path}")
    shown_port = "" if port in (None, -1, _DEFAULT_PORTS.get(scheme)) else f":{port}"
    query = query if not query or query.startswith("?") else f"?{query}"
    query = query.replace("?", "%3F") if scheme in _WITHOUT_QUERY else query
    beyond = re.search("[?#]", name)
    name = f"{name[: beyond.start()]}/{name[beyond.start() :]}" if beyond else name
    return f"{scheme}://{user}{at}{name.lower()}{shown_port}{_readable(path)}{_readable(query)}"


def _required(parts: dict[str, Any], name: str) -> str:
    value = _part(parts, name, str)
    if not value:
        raise refusal(f"The input object to the 'buildUri' function is missing the required property '{name}''.")
    return str(value)


def _part(parts: dict[str, Any], name: str, wanted: type) -> Any:
    found = find_name(parts, name)
    value = parts[found] if found is not None else None
    if found is None or (value is None and wanted is int):
        return None
    if type(value) is not wanted:
        raise refusal(
            f"Evaluation result of language expression '{shown_key(value)}' is type '{type_name(value)}', "
            f"expected type is '{type_name(wanted())}'."
        )
    return value


def _check_port(port: int) -> None:
    bound = ("greater", -1) if port < -1 else ("less", _MOST_PORT) if port > _MOST_PORT else None
    if bound:
        raise _failed(
            f"value ('{port}') must be {bound[0]} than or equal to '{bound[1]}'. (Parameter 'value')\n"
            f"Actual value was {port}."
        )


def _failed(why: str) -> ExpressionError:
    return refusal(f"An error occured while evaluating the 'buildUri' function '{why}'.")


def _readable(text: str) -> str:
    """The text with what is percent-encoded made readable, but for what would change its meaning."""
    text = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)

    def read(match: re.Match[str]) -> str:
        data = unquote_to_bytes(match.group())
        if any(byte < 32 or byte in _STAYS_ENCODED for byte in data):
            return "".join(
                f"%{byte:02X}" if byte < 32 or byte >= 127 or byte in _STAYS_ENCODED else chr(byte) for byte in data
            )
        return data.decode("utf-8", "replace")

    return _ENCODED.sub(read, text)


FUNCTIONS: tuple[Function, ...] = (
    pure("parseUri", 1, 1, _parse_uri),
    pure("buildUri", 1, 1, _build_uri),
)
