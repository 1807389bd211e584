"""What a sub-orchestration that has ended tells its parent."""

from datetime import UTC, datetime

import pytest

from emulator.functions_host.durable.consequences import Outcome, report_to_parent
from emulator.functions_host.durable.history import EventType, ParentInstance
from emulator.functions_host.durable.instances import RuntimeStatus

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PARENT = ParentInstance("o", "parent", "e", 3)


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (RuntimeStatus.COMPLETED, EventType.SUB_ORCHESTRATION_COMPLETED, "Result"),
        (RuntimeStatus.FAILED, EventType.SUB_ORCHESTRATION_FAILED, "Reason"),
        (RuntimeStatus.TERMINATED, EventType.SUB_ORCHESTRATION_FAILED, "Reason"),
    ],
)
def test_a_parent_is_told_of_an_output_or_of_a_failure(status: RuntimeStatus, kind: EventType, told: str) -> None:
    message = report_to_parent(PARENT, Outcome(status, "enough", "enough"), NOW)

    assert (message.instance_id, message.execution_id) == ("parent", "e")
    assert message.event is not None
    assert (message.event.type, message.event.fields["TaskScheduledId"]) == (kind, 3)
    assert message.event.fields[told] == "enough"
