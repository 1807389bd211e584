"""A request along its redirects: each host is resolved once, every address of it is judged, one of them is called."""

import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from ipaddress import ip_address

from armature.outbound.addresses import Address, refusal_of
from armature.outbound.exchange import Limits, Reply, exchange
from armature.outbound.failures import OutboundError, OutboundFault
from armature.outbound.policy import OutboundAnswer, OutboundPolicy, OutboundRequest
from armature.outbound.targets import OutboundTarget, host_matches, redirected, target_of

_REDIRECTS = frozenset(
    (
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    )
)
MAX_ADDRESSES_TRIED = 3
"""Of a host that has several: one family, or one of its machines, may be out of reach."""

Resolver = Callable[[OutboundTarget, Limits], list[Address]]
Exchange = Callable[[OutboundTarget, Address, str, Mapping[str, str], bytes | None, Limits], Reply]


def resolved(target: OutboundTarget, limits: Limits) -> list[Address]:
    """The addresses of a host, asked of the system's resolver once.

    Raises:
        OutboundError: it has none, or the resolver took too long.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="resolve")
    try:
        asked = pool.submit(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
        found = asked.result(limits.seconds_left)
    except TimeoutError as error:
        raise OutboundError(OutboundFault.TIMED_OUT, f"{target.host} was not resolved in time.") from error
    except (OSError, UnicodeError) as error:
        raise _not_known(target) from error
    finally:
        pool.shutdown(wait=False)
    return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def send(
    request: OutboundRequest, policy: OutboundPolicy, resolve: Resolver = resolved, converse: Exchange = exchange
) -> OutboundAnswer:
    """Send a request and read the answer. A redirect is followed where the policy has it, by GET and HEAD only: to
    another server without the request's headers.

    A second run asks again.

    Raises:
        OutboundError: a rule of ours is in the way, or nothing that can be read came back.
    """
    begun = time.monotonic()
    limits = Limits(begun + policy.timeout_seconds, policy.max_body_bytes)
    target, headers = target_of(request.uri), dict(request.headers)
    for followed in range(policy.max_redirects + 1):
        reply = _called(target, request, headers, policy, limits, resolve, converse)
        is_redirect = reply.status in _REDIRECTS and reply.location is not None and policy.max_redirects > 0
        if not is_redirect or request.method not in ("GET", "HEAD"):
            return OutboundAnswer(
                reply.status,
                reply.body,
                reply.is_cut,
                reply.answered_at - begun,
                reply.certificate_expires_at,
                followed,
            )
        following = redirected(target, str(reply.location))
        if following.origin != target.origin:
            headers = {}
        target = following
    message = f"It redirects more than {policy.max_redirects} times."
    raise OutboundError(OutboundFault.TOO_MANY_REDIRECTS, message)


def _called(
    target: OutboundTarget,
    request: OutboundRequest,
    headers: Mapping[str, str],
    policy: OutboundPolicy,
    limits: Limits,
    resolve: Resolver,
    converse: Exchange,
) -> Reply:
    """One hop. A host of which any address is refused is not called at all: which one it would be is its own choice.
    The address is not told: who names hosts here could learn the names of a network that is not theirs.

    Only what was not reached is tried at another address: everything else has been sent.
    """
    if policy.hosts is not None and not host_matches(target.host, policy.hosts):
        raise OutboundError(OutboundFault.HOST_REFUSED, f"The host {target.host} is not among those allowed.")
    addresses = resolve(target, limits)
    for address in addresses:
        if (reason := refusal_of(address, policy.allowed_networks)) is not None:
            message = f"{target.host} leads to an address that is refused: {reason}."
            raise OutboundError(OutboundFault.ADDRESS_REFUSED, message)
    unreached: OutboundError | None = None
    for address in addresses[:MAX_ADDRESSES_TRIED]:
        try:
            return converse(target, address, request.method, headers, request.body, limits)
        except OutboundError as error:
            if error.fault is not OutboundFault.NOT_REACHED:
                raise
            unreached = error
    raise unreached or _not_known(target)


def _not_known(target: OutboundTarget) -> OutboundError:
    return OutboundError(OutboundFault.NAME_NOT_RESOLVED, f"The name {target.host} is not known.")
