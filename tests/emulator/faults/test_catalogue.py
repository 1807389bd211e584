"""Every fault of the catalogue has a test that it happens."""

import pytest

from emulator.faults.catalogue import FAULTS
from emulator.faults.catalogue.kind import FaultKind
from emulator.faults.operations import OPERATIONS
from tests.running import ROOT

TESTS = {
    "arm": "tests/emulator/arm/test_faults.py",
    "storage": "tests/emulator/azurite/test_faults.py",
    "identity": "tests/emulator/identity/test_faults.py",
    "functionsHost": "tests/emulator/functions_host/test_faults.py",
}


@pytest.mark.parametrize("kind", FAULTS.values(), ids=lambda kind: f"{kind.service}-{kind.name}")
def test_each_fault_is_made_to_happen_in_a_test(kind: FaultKind) -> None:
    assert f'"{kind.name}"' in (ROOT / TESTS[kind.service]).read_text()


@pytest.mark.parametrize("kind", FAULTS.values(), ids=lambda kind: f"{kind.service}-{kind.name}")
def test_each_fault_happens_at_operations_that_there_are_and_can_be_named_without_any(kind: FaultKind) -> None:
    assert set(kind.operations) <= set(OPERATIONS[kind.service])
    assert set(kind.places) <= set(kind.operations)
    assert kind.what.endswith(".")
