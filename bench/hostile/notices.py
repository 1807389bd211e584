"""Addresses to tell of approvals and ends, that lead elsewhere; resolved by a resolver that is played where said so."""

from collections.abc import Iterator
from functools import partial

from armature.notices import Receiver, policy_of
from armature.outbound import OutboundError, OutboundRequest, send
from armature.settings import Settings
from bench.hostile.attack import Attack, Met
from bench.hostile.calls import WHOLE, met
from bench.hostile.configuration import SOUND
from bench.hostile.endpoints import resolving
from bench.hostile.ground import Ground

ADDRESSES: dict[str, str] = {
    "a foreign host": "https://evil.example/hook",
    "a host that begins like an allowed one": "https://hooks.example.evil.example/hook",
    "a host that ends like an allowed one": "https://evilhooks.example/hook",
    "this machine": "https://127.0.0.1/hook",
    "the metadata service": "https://169.254.169.254/hook",
    "http": "http://hooks.example/hook",
    "a user": "https://hooks.example@evil.example/hook",
    "a user, percent-encoded": "https://hooks.example%40evil.example/hook",
    "a token in its query": "https://hooks.example/hook?token=s3cret",
    "a backslash": "https://evil.example\\.hooks.example/hook",
    "a line break": "https://hooks.example/hook\r\nX: y",
    "another alphabet": "https://h\u043eoks.example/hook",
}


def _asked(address: str, ground: Ground) -> Met:
    return met(ground.post("deployments", {**WHOLE, "notificationUrl": address}))


def _inside(_: Ground) -> Met:
    settings = Settings.model_validate({**SOUND, "ARMATURE_NOTIFICATION_HOSTS": "hooks.example"})
    with resolving({"hooks.example": [["10.0.0.1"]]}):
        try:
            send(OutboundRequest("POST", "https://hooks.example/hook"), policy_of(Receiver.REQUEST, settings))
        except OutboundError as error:
            return Met("refused", error.fault.value, str(error))
    return Met("sent", "")


def attacks() -> Iterator[Attack]:
    """All of them."""
    for name, address in ADDRESSES.items():
        yield Attack("notice", name, partial(_asked, address), "400", "invalid-request")
    name = "an allowed host that leads inside (resolver played)"
    yield Attack("notice", name, _inside, "refused", "AddressRefused")
