"""Every fault of the catalogue has a test that it happens."""

from types import ModuleType

import pytest

from emulator.faults.catalogue import FAULTS
from emulator.faults.catalogue.kind import FaultKind
from emulator.faults.operations import OPERATIONS
from tests.emulator.arm import test_faults as of_arm
from tests.emulator.azurite import test_faults as of_storage
from tests.emulator.faults.showing import shown_by
from tests.emulator.functions_host import test_faults as of_host
from tests.emulator.identity import test_faults as of_identity

TESTS = {"arm": of_arm, "storage": of_storage, "identity": of_identity, "functionsHost": of_host}


def shown_in(module: ModuleType) -> set[str]:
    """The faults that the tests of a module show; tests/emulator/conftest.py sees to it that they happen there."""
    tests = (value for name, value in vars(module).items() if name.startswith("test_"))
    return {fault for test in tests for fault in shown_by(test)}


@pytest.mark.parametrize("service", TESTS)
def test_each_fault_is_shown_by_a_test_and_nothing_else_is(service: str) -> None:
    assert shown_in(TESTS[service]) == {kind.name for kind in FAULTS.values() if kind.service == service}


@pytest.mark.parametrize("kind", FAULTS.values(), ids=lambda kind: f"{kind.service}-{kind.name}")
def test_each_fault_happens_at_operations_that_there_are_and_can_be_named_without_any(kind: FaultKind) -> None:
    assert set(kind.operations) <= set(OPERATIONS[kind.service])
    assert set(kind.places) <= set(kind.operations)
    assert kind.what.endswith(".")
