"""What the app keeps about its deployments, in its own storage account: state, events, plans, outputs, locks.

One container, `deployments`:

    state/{deploymentId}.json            DeploymentState, its index fields also as blob metadata
    events/{deploymentId}.jsonl          append blob, one Event a line
    plans/{plan id}.json                 Plan, written once; a rollback has a plan of its own (DeploymentStep.plan_id)
    outputs/{plan id}/{name}.json        the non-secure outputs of a finished template
    locks/{lineage key}.json             whose turn it is (armature.azure.locks)
    control/{deploymentId}.json          Control: what people asked of it
    lineages/{lineage key}.json          LineageRecord: which deployments it has completed
    drift/{lineage key}.json             DriftRecord: the last look at whether it has drifted
    trail/{day}.jsonl                    the audit trail (armature.azure.audit)
"""

import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from armature.azure.audit import AuditTrail
from armature.azure.documents import DocumentStore
from armature.azure.locks import LineageLocks
from armature.azure.records import Records, content_of, file_name
from armature.control import Control, LineageRecord
from armature.drift import DriftRecord
from armature.events import Event, NumberedEvent, numbered
from armature.models import Model
from armature.options import Mode
from armature.plan import Plan
from armature.state import DeploymentState, Phase, Status

LINEAGES = "lineages/"

MAX_METADATA_MESSAGE = 200

NO_BUNDLE = "-"
"""In a state's metadata: its bundle is none of those that the app keeps. No bundle has such an id."""

PLAN_REMEMBERED_FOR_SECONDS = 600.0
"""Plans never change, but an id is free again once retention has removed its deployment."""


class DeploymentSummary(Model):
    """A deployment in a list: what the blob's metadata tells without reading it."""

    deployment_id: str
    status: Status
    phase: Phase
    project: str | None = None
    environment: str | None = None
    created_at: datetime
    updated_at: datetime
    percent: int
    message: str
    mode: Mode = Mode.INCREMENTAL
    dry_run: bool = False


def _state_path(deployment_id: str) -> str:
    return f"state/{deployment_id}.json"


def _control_path(deployment_id: str) -> str:
    return f"control/{deployment_id}.json"


def _lineage_path(lineage_key: str) -> str:
    return f"{LINEAGES}{lineage_key}.json"


def _drift_path(lineage_key: str) -> str:
    return f"drift/{lineage_key}.json"


def _outputs_path(plan_id: str, template: str) -> str:
    return f"outputs/{plan_id}/{file_name(template)}"


def _metadata(state: DeploymentState) -> dict[str, str]:
    fields = {
        "status": state.status.value,
        "phase": state.phase.value,
        "project": state.project or "",
        "environment": state.environment or "",
        "createdat": state.created_at.isoformat(),
        "updatedat": state.updated_at.isoformat(),
        "percent": str(state.progress.percent),
        "message": state.message[:MAX_METADATA_MESSAGE],
        "mode": state.options.mode.value,
        "dryrun": "true" if state.options.dry_run else "",
        "bundle": state.bundle.stored_id or NO_BUNDLE,
        "lineage": state.turn_key or "",
        "previous": state.rollback.previous_deployment_id or "",
        "retired": state.retired_at.isoformat() if state.retired_at else "",
    }
    return {name: value for name, value in fields.items() if value}


class DeploymentStore:
    """Reads and writes everything about deployments. Each write is harmless when made twice."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._records = Records(documents)
        self._plans: dict[str, tuple[float, Plan]] = {}
        self.locks = LineageLocks(documents, self.is_over)
        self.audit = AuditTrail(documents)

    def create_state(self, state: DeploymentState) -> bool:
        """Claim the deployment's id. False when it is used already."""
        return self._documents.create(_state_path(state.deployment_id), content_of(state), _metadata(state))

    def state(self, deployment_id: str) -> DeploymentState | None:
        """The state, or None for an id that nobody used."""
        found = self.state_with_etag(deployment_id)
        return found[0] if found else None

    def state_with_etag(self, deployment_id: str) -> tuple[DeploymentState, str] | None:
        """The state and the ETag of its blob."""
        document = self._documents.read(_state_path(deployment_id))
        if document is None:
            return None
        return DeploymentState.model_validate_json(document.content), document.etag

    def is_over(self, deployment_id: str) -> bool:
        """True when a deployment has ended, or is gone."""
        state = self.state(deployment_id)
        return state is None or state.status.is_final

    def update_state(self, deployment_id: str, change: Callable[[DeploymentState], DeploymentState]) -> DeploymentState:
        """Change the state by a pure step, again on what another wrote in between.

        Raises:
            KeyError: no such deployment.
            FailureError: storage refused; DocumentContended: others changed it again and again meanwhile.
        """
        seen: list[DeploymentState] = []

        def changed(content: bytes | None) -> bytes | None:
            if content is None:
                raise KeyError(deployment_id)
            state = DeploymentState.model_validate_json(content)
            seen.append(change(state))
            return None if seen[-1] == state else content_of(seen[-1])

        self._documents.update(_state_path(deployment_id), changed, lambda _: _metadata(seen[-1]))
        return seen[-1]

    def summaries(self) -> list[DeploymentSummary]:
        """All deployments, the newest first, from the metadata alone."""
        found = [
            summary for listed in self._documents.list("state/") if (summary := _summary(listed.path, listed.metadata))
        ]
        return sorted(found, key=lambda summary: (summary.created_at, summary.deployment_id), reverse=True)

    def append_events(self, deployment_id: str, events: Iterable[Event]) -> None:
        """Write events to the log. The same event twice is read once (see armature.events)."""
        lines = [event.model_dump_json(by_alias=True, exclude_none=True) for event in events]
        if lines:
            self._documents.append(f"events/{deployment_id}.jsonl", lines)

    def events(self, deployment_id: str) -> list[NumberedEvent]:
        """The whole log, in order."""
        return numbered(list(self._documents.read_lines(f"events/{deployment_id}.jsonl")))

    def save_plan(self, plan: Plan, plan_id: str | None = None) -> Plan:
        """Keep the plan; answers the one that stands, which is the first that was written."""
        key = plan_id or plan.deployment_id
        if self._records.create(f"plans/{key}.json", plan):
            self._plans.pop(key, None)  # of a deployment of that id that retention removed
        return self.plan(key)

    def plan(self, plan_id: str) -> Plan:
        """The plan of a prepared deployment, or of one of its rollbacks (see DeploymentStep.plan_id).

        Raises:
            KeyError: it was not prepared.
        """
        read_at, plan = self._plans.get(plan_id, (0.0, None))
        if plan is not None and time.monotonic() - read_at < PLAN_REMEMBERED_FOR_SECONDS:
            return plan
        plan = self._records.read(f"plans/{plan_id}.json", Plan)
        if plan is None:
            raise KeyError(plan_id)
        while len(self._plans) >= 32:  # plans never change: any may go, the next use reads it again
            self._plans.pop(next(iter(self._plans)))
        self._plans[plan_id] = (time.monotonic(), plan)
        return plan

    def save_outputs(self, plan_id: str, template: str, outputs: dict[str, Any]) -> None:
        """Keep the non-secure outputs of a finished template; a later attempt's replace an earlier one's."""
        self._documents.put(_outputs_path(plan_id, template), json.dumps(outputs).encode(), {})

    def outputs(self, plan_id: str, template: str) -> dict[str, Any]:
        """The outputs of a finished template, by the names that ARM answers.

        Raises:
            KeyError: the template has not finished.
        """
        document = self._documents.read(_outputs_path(plan_id, template))
        if document is None:
            raise KeyError(template)
        outputs: dict[str, Any] = json.loads(document.content)
        return outputs

    def control(self, deployment_id: str) -> Control:
        """What was asked of the deployment so far."""
        return self._records.read(_control_path(deployment_id), Control) or Control()

    def ask(self, deployment_id: str, change: Callable[[Control], Control]) -> Control:
        """Change what is asked of the deployment by a pure step, again on what another wrote in between."""
        return self._records.update(_control_path(deployment_id), Control(), change)

    def lineage(self, lineage_key: str) -> LineageRecord:
        """What the lineage remembers."""
        return self._records.read(_lineage_path(lineage_key), LineageRecord) or LineageRecord()

    def lineage_keys(self) -> list[str]:
        """The keys of all lineages in which a deployment had its turn, in order."""
        listed = self._documents.list(LINEAGES)
        return [entry.path.removeprefix(LINEAGES).removesuffix(".json") for entry in listed]

    def update_lineage(self, lineage_key: str, change: Callable[[LineageRecord], LineageRecord]) -> LineageRecord:
        """Change what the lineage remembers by a pure step, again on what another wrote in between."""
        return self._records.update(_lineage_path(lineage_key), LineageRecord(), change)

    def drift(self, lineage_key: str) -> DriftRecord | None:
        """The last look at the lineage's drift, or None."""
        return self._records.read(_drift_path(lineage_key), DriftRecord)

    def save_drift(self, lineage_key: str, record: DriftRecord) -> None:
        """Keep a look as the last. Twice, or when a later one is kept: nothing changes."""
        none = record.model_copy(update={"at": datetime.min.replace(tzinfo=UTC)})
        self._records.update(_drift_path(lineage_key), none, lambda kept: max(kept, record, key=lambda look: look.at))


def _summary(path: str, metadata: dict[str, str]) -> DeploymentSummary | None:
    try:
        return DeploymentSummary(
            deployment_id=path.removeprefix("state/").removesuffix(".json"),
            status=Status(metadata["status"]),
            phase=Phase(metadata["phase"]),
            project=metadata.get("project"),
            environment=metadata.get("environment"),
            created_at=datetime.fromisoformat(metadata["createdat"]),
            updated_at=datetime.fromisoformat(metadata["updatedat"]),
            percent=int(metadata.get("percent", "0")),
            message=metadata.get("message", ""),
            mode=Mode(metadata.get("mode", Mode.INCREMENTAL)),
            dry_run=metadata.get("dryrun") == "true",
        )
    except (KeyError, ValueError, ValidationError):
        return None  # not a state of ours: somebody else's blob in the folder
