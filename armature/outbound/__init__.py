"""Requests to addresses that a user names: made so that none of them reaches what only this app can reach.

    policy = OutboundPolicy(allowed_networks=networks_of(("10.1.0.0/16",)))
    answer = send(OutboundRequest("GET", "https://shop.example/healthz"), policy)

The host is resolved here, every address of it is judged, and the connection goes to the address that was judged: a
second resolution could answer something else (DNS rebinding). HTTPS only, with the certificate verified for the name in
the URI. A redirect is a request of its own, judged alike. No proxy, cookie or credential of the process is used.

    addresses   which addresses may be called (pure)
    targets     what a URI names: host, port, path (pure)
    exchange    one request over one connection, within limits of time and size
    client      send: targets, addresses and exchanges, along redirects
"""

from armature.outbound.addresses import Address, Network, networks_of, refusal_of
from armature.outbound.client import send
from armature.outbound.exchange import Reply
from armature.outbound.failures import OutboundError, OutboundFault
from armature.outbound.policy import OutboundAnswer, OutboundPolicy, OutboundRequest
from armature.outbound.targets import OutboundTarget, host_matches, target_of

__all__ = [
    "Address",
    "Network",
    "OutboundAnswer",
    "OutboundError",
    "OutboundFault",
    "OutboundPolicy",
    "OutboundRequest",
    "OutboundTarget",
    "Reply",
    "host_matches",
    "networks_of",
    "refusal_of",
    "send",
    "target_of",
]
