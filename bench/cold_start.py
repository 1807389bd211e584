"""How long a worker takes to import function_app: seconds, the median of several fresh processes, one JSON line.

    python -m bench.cold_start [--runs 5]

`slowestMilliseconds` are those of the packages whose own modules took longest, in one more run.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
TIMED = "import time; began = time.perf_counter(); import function_app; print(time.perf_counter() - began)"
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)")


def measured(runs: int) -> dict[str, object]:
    """Import it so often, each time in a process of its own."""
    _python("-c", TIMED)  # compiles what is not compiled yet
    seconds = [float(_python("-c", TIMED).stdout) for _ in range(runs)]
    return {
        "bench": "cold_start",
        "runs": runs,
        "importSeconds": round(median(seconds), 3),
        "worstSeconds": round(max(seconds), 3),
        "slowestMilliseconds": slowest(8),
    }


def slowest(count: int) -> dict[str, int]:
    """The packages that took the most milliseconds, without what they import."""
    microseconds = Counter[str]()
    for own, module in _LINE.findall(_python("-X", "importtime", "-c", "import function_app").stderr):
        microseconds[module.partition(".")[0]] += int(own)
    return {package: round(own / 1000) for package, own in microseconds.most_common(count)}


def _python(*words: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://bench.example"}
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    print(json.dumps(measured(parser.parse_args().runs)))
