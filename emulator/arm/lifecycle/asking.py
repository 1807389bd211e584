"""What a running deployment asks of other resources is an operation too: `reference()` reads, `list*()` acts.

Source: the `ProvisioningOperation` of the REST reference (Deployment Operations - List): Read, Action.
"""

from emulator.arm.engine.prepared import Prepared
from emulator.arm.identifiers import ResourceId
from emulator.arm.lifecycle.ending import operation_succeeded
from emulator.arm.models import Deployment, Operation
from emulator.arm.state import CloudState

READ, ACTION = "Read", "Action"


def note_questions(state: CloudState, prepared: Prepared, deployment: Deployment) -> None:
    """Note every resource that is asked from now on, once for each kind of question.

    What the deployment makes itself is known from its creation. A nested template of outer scope asks for its parent.
    """
    context = prepared.scope.context
    if context.request is not prepared.request:
        return
    own = {instance.id.key for instance in prepared.instances if instance.is_run}
    known = {(op.kind, op.target.key) for op in deployment.operations if op.target}

    def note(kind: str, target: ResourceId) -> None:
        is_told_already = (kind, target.key) in known or (kind == READ and target.key in own)
        if not is_told_already:
            known.add((kind, target.key))
            operation = Operation(kind, target)
            deployment.operations.append(operation)
            operation_succeeded(state, deployment, operation, "OK")

    context.on_question = note
