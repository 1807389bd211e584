"""The emulator's page shows rules that can be loaded, and commands that there are."""

import json
import re
import shlex

import pytest

from emulator.__main__ import _parser
from emulator.faults.model import read_faults
from tests.running import ROOT

PAGE = (ROOT / "emulator" / "README.md").read_text()


def test_the_file_of_rules_can_be_loaded() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    file = read_faults(json.loads(block))

    assert [rule.id for rule in file.rules] == ["busy", "lost", "broken", "dead"]


@pytest.mark.parametrize("line", re.findall(r"python -m (emulator faults [^#\n]+)", PAGE))
def test_each_command_is_understood(line: str) -> None:
    words = shlex.split(line)[1:]

    arguments = _parser().parse_args(words)

    assert callable(arguments.run)
