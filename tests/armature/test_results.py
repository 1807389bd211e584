"""Results fit into a queue message, whatever has failed."""

from datetime import UTC, datetime

from armature.errors import Cause, Failure, FailureClass
from armature.request import DeploymentRequest
from armature.results import queued, rejection_of, result_of
from armature.state import RollbackState, Status
from armature.transitions import accepted
from tests.armature.deployments import deployment, template

REQUEST = DeploymentRequest.model_validate(
    {"bundle": {"id": "bundle-1"}, "target": {"subscription": "00000000-0000-0000-0000-000000000001"}}
)
TEXT = "字" * 2000
MAX_QUEUE_MESSAGE = 48 * 1024  # 64 KiB in Base64 (Azure Queue Storage, 2025)


def test_a_result_with_many_long_failures_fits_into_a_queue_message():
    causes = tuple(Cause(code="Code", message=f"{n}" + "x" * 2000, target="t" * 200) for n in range(10))
    long = Failure(
        failure_class=FailureClass.UNKNOWN, code="Code", message="y" * 2000, suggestion="Do this.", causes=causes
    )
    state = accepted(REQUEST, "d-1", None, datetime.now(UTC)).model_copy(
        update={"status": Status.FAILED, "failures": tuple(long.model_copy(update={"code": str(n)}) for n in range(40))}
    )

    result = result_of(state)

    assert len(result.model_dump_json(by_alias=True).encode()) < MAX_QUEUE_MESSAGE
    assert result.status is Status.FAILED
    assert len(result.failures) == 5


def test_what_a_rollback_has_deleted_is_not_counted_among_the_resources():
    made = template(resources=("/r/kept", "/r/New"))
    undone = RollbackState(deleted=("/r/new",))

    result = result_of(deployment(Status.ROLLED_BACK, templates=(made,), rollback=undone))

    assert result.resources == 1


def test_a_result_in_characters_of_many_bytes_fits_too():
    causes = tuple(Cause(code="C", message=f"{n}" + "\x01" * 2000, target="🙂" * 2000) for n in range(10))
    long = Failure(
        failure_class=FailureClass.UNKNOWN, code="C", message="🙂" * 2000, suggestion="字" * 2000, causes=causes
    )
    state = accepted(REQUEST, "d-1", None, datetime.now(UTC)).model_copy(
        update={"message": "字" * 9000, "failures": tuple(long.model_copy(update={"code": str(n)}) for n in range(5))}
    )

    result = result_of(state)

    assert len(queued(result).encode()) <= MAX_QUEUE_MESSAGE
    assert len(result.failures) == 5


def test_a_rejection_of_a_message_full_of_mistakes_fits_and_says_how_many_there_are():
    rejection = rejection_of(
        "m", None, "It is not valid.", [f"/{'🙂' * 900}{n}: is not known here" for n in range(4000)]
    )

    assert len(queued(rejection).encode()) <= MAX_QUEUE_MESSAGE
    assert rejection.errors[-1] == "… and 3980 more."
