"""uri() and the percent-encoding of URI components, as .NET's System.Uri does them."""

import re
from typing import Any
from urllib.parse import quote, unquote_plus

from armature.templates.functions.signature import Function, pure, refusal, require
from armature.templates.values import encodable

_PARTS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)"
    r"(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.DOTALL,
)
_AUTHORITY = re.compile(r"(?P<user>[^@]*@)?(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d*))?")
_DRIVE = re.compile(r"[A-Za-z]\|")
_DEFAULT_PORTS = {"http": "80", "https": "443", "ftp": "21"}
_MOST_PORT = 65535
_NOT_IN_A_BASE = re.compile(r"[\s<>\"{}|\\^`]")
_UNRESERVED_ESCAPE = re.compile(r"%(?:4[1-9a-fA-F]|5[0-9aA]|6[1-9a-fA-F]|7[0-9aA]|3[0-9]|2[dDeE]|5[fF]|7[eE])")
_STRAY_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_KEPT = "/:@!$&'()*+,;=~-._%[]?#"
_SEE = "Please see https://aka.ms/arm-function-datauri for usage details."


def join_uri(base: str, relative: str) -> str:
    """`relative` resolved against the absolute `base` (RFC 3986, section 5.2) and normalised.

    Raises ExpressionError in the engine's words when `base` is not absolute or the two can't be joined.
    """
    base, relative = base.strip(), relative.strip()
    root = _split(base)
    scheme = (root["scheme"] or "").lower()
    if scheme == "mailto" and not _split(relative)["scheme"]:
        return f"{base}{relative}"  # .NET's own rule: the address is a host without a path
    if (
        len(scheme) < 2
        or (root["authority"] == "" and scheme != "file")
        or _NOT_IN_A_BASE.search(base)
        or _STRAY_PERCENT.search(base)
        or not _is_complete(root)
    ):
        raise refusal(
            "The template language function 'uri' expects its first argument to be a uri string. The provided value is "
            f"'{base}'. {_SEE}"
        )
    target = _resolved(root, _split(relative))
    if target is None:
        raise refusal(
            f"Cannot construct valid uri from base uri '{base}' and string '{relative}', check if the base uri is "
            f"empty. {_SEE}"
        )
    return _joined(target)


_Parts = dict[str, str | None]


def _split(text: str) -> _Parts:
    head, mark, tail = text.partition("?")
    match = _PARTS.fullmatch(head.replace("\\", "/") + mark + tail)
    return match.groupdict() if match else {"scheme": None, "authority": None, "path": text}


def _is_complete(parts: _Parts) -> bool:
    """Whether a scheme that needs a host has one."""
    if (parts["scheme"] or "").lower() not in _DEFAULT_PORTS:
        return True
    port = (parts["authority"] or "").rpartition(":")[2]
    return bool(parts["authority"]) and not (port.isdecimal() and int(port[:6]) > _MOST_PORT)


def _resolved(root: _Parts, relative: _Parts) -> _Parts | None:
    if relative["scheme"]:
        if len(relative["scheme"]) == 1:  # a path with a drive
            rest = f"//{relative['authority']}" if relative["authority"] is not None else ""
            path = f"/{relative['scheme']}:{rest}{relative['path'] or ''}"
            is_rooted = bool(rest) or (relative["path"] or "").startswith("/")
            return {**relative, "scheme": "file", "authority": "", "path": path} if is_rooted else None
        return relative if _is_complete(relative) else None
    if relative["authority"] is not None:
        return {**relative, "scheme": root["scheme"]} if relative["authority"] else None
    if _DRIVE.match(relative["path"] or ""):
        return None
    if not relative["path"]:
        query = relative["query"] if relative["query"] is not None else root["query"]
        return {**root, "query": query, "fragment": relative["fragment"]}
    path = relative["path"] or ""
    if not path.startswith("/"):
        folder, slash, _ = (root["path"] or "").rpartition("/")
        path = f"{folder}{slash}{path}" if slash else (f"/{path}" if root["authority"] is not None else path)
    return {**relative, "scheme": root["scheme"], "authority": root["authority"], "path": path}


def _joined(parts: _Parts) -> str:
    scheme = (parts["scheme"] or "").lower()
    path = encoded(parts["path"] or "")
    authority = ""
    if parts["authority"] is not None:
        match = _AUTHORITY.fullmatch(parts["authority"])
        user, host, port = match.groups() if match else ("", parts["authority"], "")
        port = f":{port}" if port and port != _DEFAULT_PORTS.get(scheme) else ""
        authority = f"//{user or ''}{host.lower()}{port}"
        path = without_dots(path) or "/"
    return f"{scheme}:{authority}{path}{encoded(parts['query'] or '')}{encoded(parts['fragment'] or '')}"


def encoded(text: str) -> str:
    """A part of a URI percent-encoded as .NET keeps it: what is encoded already stays, stray percents are encoded."""
    text = _STRAY_PERCENT.sub("%25", text)
    text = _UNRESERVED_ESCAPE.sub(lambda match: chr(int(match.group()[1:], 16)), text)
    return quote(encodable(text), safe=_KEPT)


def without_dots(path: str) -> str:
    """The path without `.` and `..` segments (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")
    for index, segment in enumerate(segments):
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
            continue
        if index == len(segments) - 1:
            kept.append("")
    return "/".join(kept)


def _uri(arguments: list[Any]) -> str:
    return join_uri(require("uri", arguments, 0, str), require("uri", arguments, 1, str))


def _uri_component(arguments: list[Any]) -> str:
    return quote(encodable(require("uriComponent", arguments, 0, str, only=True)), safe="~-._")


def _uri_component_to_string(arguments: list[Any]) -> str:
    return unquote_plus(require("uriComponentToString", arguments, 0, str, only=True))


FUNCTIONS: tuple[Function, ...] = (
    pure("uri", 2, 2, _uri),
    pure("uriComponent", 1, 1, _uri_component),
    pure("uriComponentToString", 1, 1, _uri_component_to_string),
)
