"""Nine goals for what goes wrong, each on stacks of its own: one table, one line of JSON, exit code 1 for a miss.

    python -m bench.faults [--goals 1,3] [--seed 1] [--share 0.1] [--write]

`--share` does a part of what a goal usually does, to look at it quickly. `--write` puts the table into
docs/recovery-figures.md, when all goals were measured in full.
"""

import argparse
import dataclasses
import sys
import time
import traceback
from pathlib import Path

from rich.console import Console

from bench.faults import table
from bench.faults.goal import Goal, Run, Verdict
from bench.faults.goals import GOALS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recovery-figures.md"


def main() -> int:
    """Measure the goals; 1 when one was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goals", help="numbers, separated by commas; all when left out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the usual counts")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    given = parser.parse_args()
    wanted = [int(number) for number in given.goals.split(",")] if given.goals else sorted(GOALS)
    if unknown := [number for number in wanted if number not in GOALS]:
        parser.error(f"there is no goal {unknown[0]}; there are {min(GOALS)} to {max(GOALS)}")
    if given.write and (given.goals or given.share != 1):
        parser.error("--write is for all goals in full")
    began = time.monotonic()
    measured = [(GOALS[number], _measured(GOALS[number], Run(given.seed, given.share))) for number in wanted]
    table.show(measured, Console(width=160))
    if given.write:
        table.write(measured, PAGE)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    print(table.line(measured, given.seed))
    return 0 if table.are_met(measured) else 1


def _measured(goal: Goal, run: Run) -> Verdict:
    """The verdict; a goal that could not be measured is missed, and the others are measured all the same."""
    began = time.monotonic()
    try:
        verdict = goal.measure(run)
    except Exception as error:
        traceback.print_exc()
        verdict = Verdict("could not be measured", f"{type(error).__name__}: {error}"[:300], "", is_met=False)
    seconds = time.monotonic() - began
    word = "met" if verdict.is_met else "MISSED"
    print(f"{goal.number}. {goal.title}: {word} after {seconds:.0f} s: {verdict.measured}", file=sys.stderr, flush=True)
    for miss in verdict.misses:
        print(f"    {miss}", file=sys.stderr, flush=True)
    return dataclasses.replace(verdict, seconds=seconds)


if __name__ == "__main__":
    sys.exit(main())
