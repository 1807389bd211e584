"""Results fit into a queue message, whatever has failed."""

from datetime import UTC, datetime

from armature.errors import Cause, Failure, FailureClass
from armature.request import DeploymentRequest
from armature.results import result_of
from armature.state import Status
from armature.transitions import accepted

MAX_QUEUE_MESSAGE = 48 * 1024  # 64 KiB in Base64 (Azure Queue Storage, 2025)


def test_a_result_with_many_long_failures_fits_into_a_queue_message():
    request = DeploymentRequest.model_validate(
        {"bundle": {"id": "bundle-1"}, "target": {"subscription": "00000000-0000-0000-0000-000000000001"}}
    )
    causes = tuple(Cause(code="Code", message=f"{n}" + "x" * 2000, target="t" * 200) for n in range(10))
    long = Failure(
        failure_class=FailureClass.UNKNOWN, code="Code", message="y" * 2000, suggestion="Do this.", causes=causes
    )
    state = accepted(request, "d-1", None, datetime.now(UTC)).model_copy(
        update={"status": Status.FAILED, "failures": tuple(long.model_copy(update={"code": str(n)}) for n in range(40))}
    )

    result = result_of(state)

    assert len(result.model_dump_json(by_alias=True).encode()) < MAX_QUEUE_MESSAGE
    assert result.status is Status.FAILED
    assert len(result.failures) == 5
