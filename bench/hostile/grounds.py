"""Both grounds, and the host of bundles beside them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.hostile.ground import Ground, attacked
from bench.hostile.guarded import GUARDS, wait_for_approval
from bench.hostile.lying_host import LyingHost, lying
from emulator.processes import free_port
from tests.clouds import CLOUD
from tests.running import NOTIFICATION_KEY


@dataclass(frozen=True)
class Grounds:
    """The app as it is deployed by default, but for what is allowed it here; and the app that knows its callers.

    `host` is a host that the first one may read bundles from.
    """

    open: Ground
    guarded: Ground
    host: LyingHost


@contextmanager
def all_attacked(state: Path) -> Iterator[Grounds]:
    """Both of them, in that state folder."""
    port = free_port()
    allowed = {
        "ARMATURE_ALLOWED_BUNDLE_HOSTS": f"127.0.0.1:{port}",
        "ARMATURE_APPROVER_ROLES": "Approver",
        "ARMATURE_FORCE_ROLES": "Deployer",
        "ARMATURE_NOTIFICATION_HOSTS": "hooks.example,*.hooks.example",
        "ARMATURE_NOTIFICATION_KEY": NOTIFICATION_KEY,
    }
    with (
        attacked(state / "open", **allowed) as open_,
        lying(open_.stack.foundation.certificates, port) as host,
        attacked(state / "guarded", CLOUD.name, **GUARDS) as guarded,
    ):
        open_.host = host
        wait_for_approval(guarded)
        yield Grounds(open_, guarded, host)
