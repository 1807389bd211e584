"""An attack, what it must meet, and what it left behind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.hostile.ground import Ground
from bench.hostile.grounds import Grounds


@dataclass(frozen=True)
class Met:
    """What an attack met: an HTTP status, or how the deployment or the message ended; the problem's type or code; and
    everything that the attacker was told."""

    status: str
    problem: str
    told: str = ""


@dataclass(frozen=True)
class Attack:
    """Hostile input of a `kind`. `may_write` are the folders of storage that it may leave something in, such as the
    record of a deployment that was refused; everywhere else, and in ARM, nothing may be written. `is_guarded`: it is
    against the app that knows its callers."""

    kind: str
    name: str
    run: Callable[[Ground], Met]
    status: str
    problem: str
    may_write: tuple[str, ...] = ()
    is_guarded: bool = False


@dataclass(frozen=True)
class Verdict:
    """What an attack met, and what is wrong with that, if anything is."""

    attack: Attack
    met: Met
    faults: tuple[str, ...] = field(default=())

    @property
    def is_good(self) -> bool:
        """True when it met what it must, wrote nothing and was told no secret."""
        return not self.faults


RECORDS = ("bundles/", "deployments/state/", "deployments/events/")
"""What a deployment that is refused leaves: its bundle, and the record that it was refused."""


def judged(grounds: Grounds, attack: Attack) -> Verdict:
    """Carry the attack out, and look what became of it."""
    ground = grounds.guarded if attack.is_guarded else grounds.open
    before = ground.marks()
    met = attack.run(ground)
    faults = []
    if (met.status, met.problem) != (attack.status, attack.problem):
        faults.append(f"met {met.status} {met.problem}, not {attack.status} {attack.problem}: {met.told[:300]}")
    allowed = ("deployments/trail/", *attack.may_write)
    faults += [f"wrote {path}" for path in ground.written_since(before) if not path.startswith(allowed)]
    faults += [f"wrote in Azure: {call}" for call in ground.arm_writes_since(before)]
    faults += [f"told a secret: {name}" for name in ground.secrets_in(met.told)]
    faults += [f"forged a line of {name}" for name in ground.forged_logs()]
    return Verdict(attack, met, tuple(faults))


def problem_of(document: Any) -> str:
    """The last part of a problem's type."""
    return str(document.get("type", "")).rpartition("/")[2] if isinstance(document, dict) else ""
