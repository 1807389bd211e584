"""`make hostile`: every attack, what it met, and what it left; exit code 1 when one met something else than it must."""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench.hostile.attack import judged
from bench.hostile.attacks import all_attacks
from bench.hostile.grounds import all_attacked


def main() -> int:
    """Carry all of them out, one after the other, and print the table."""
    print("| # | input | what was tried | met | problem | left behind |")
    print("| --- | --- | --- | --- | --- | --- |")
    bad, kinds = [], Counter[str]()
    with tempfile.TemporaryDirectory(prefix="hostile-") as state, all_attacked(Path(state)) as grounds:
        for number, attack in enumerate(all_attacks(), start=1):
            kinds[attack.kind] += 1
            verdict = judged(grounds, attack)
            left = "nothing" if verdict.is_good else "; ".join(verdict.faults)
            met = verdict.met
            print(f"| {number} | {attack.kind} | {attack.name} | {met.status} | {met.problem} | {left} |", flush=True)
            bad += [] if verdict.is_good else [attack.name]
    print("\n" + ", ".join(f"{count} {kind}" for kind, count in kinds.items()) + ".")
    print(f"{number} attacks, {number - len(bad)} met what they must, wrote nothing and were told nothing.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
