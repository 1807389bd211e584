"""Ends a connection as a network does that fails: with a reset, and no answer."""

import socket
import struct

from aiohttp import web

_LINGER_NOT = struct.pack("ii", 1, 0)  # closing sends RST, and drops what was not sent yet


def reset(request: web.Request) -> None:
    """Reset the connection of a request; whatever is answered afterwards reaches nobody."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    request.transport.abort()


def lost() -> web.Response:
    """What a handler answers to a request whose connection was reset: a status that says so in the log."""
    return web.Response(status=499)  # nginx's number for a client that is gone
