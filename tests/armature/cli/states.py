"""Deployments as the API tells of them: valid ones, of which a test changes what it is about."""

from typing import Any

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop"
PLAN_ID = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan-shop"
SITE_ID = f"{GROUP}/providers/Microsoft.Web/sites/shop"
STARTED = "2026-11-24T09:15:00Z"
ENDED = "2026-11-24T09:17:05Z"


def a_template(name: str = "plan", **changes: Any) -> dict[str, Any]:
    return {"name": name, "tier": 0, "status": "waiting", **changes}


def a_failure(**changes: Any) -> dict[str, Any]:
    return {
        "failureClass": "template",
        "code": "AccountNameInvalid",
        "message": "Archive1 is not a valid storage account name.",
        "suggestion": "Correct the template or its parameters in the bundle and deploy again.",
        "link": "https://learn.microsoft.com/azure/x",
        "causes": [
            {
                "code": "AccountNameInvalid",
                "message": "Archive1 is not a valid storage account name.",
                "target": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/Archive1",
                "place": "templates/archive.json#/resources/0",
            }
        ],
        **changes,
    }


def a_state(**changes: Any) -> dict[str, Any]:
    return {
        "deploymentId": "shop-1",
        "fingerprint": "f" * 64,
        "status": "deploying",
        "phase": "deploying",
        "message": "",
        "bundle": {"id": "bundle-1"},
        "target": {"subscription": SUBSCRIPTION},
        "options": {},
        "createdAt": STARTED,
        "updatedAt": STARTED,
        "phases": {"preparing": STARTED, "uploading": STARTED, "deploying": STARTED},
        "progress": {"completed": 1, "total": 2, "percent": 50, "message": "1 of 2 templates", "bar": ""},
        **changes,
    }


def a_completed_state(**changes: Any) -> dict[str, Any]:
    templates = [
        a_template("plan", status="succeeded", resources=[PLAN_ID]),
        a_template("web", status="succeeded", tier=1, resources=[SITE_ID]),
    ]
    ended = {"status": "completed", "phase": "finished", "finishedAt": ENDED, "message": "2 templates deployed."}
    return a_state(**{**ended, "templates": templates, **changes})


def a_failed_state(**changes: Any) -> dict[str, Any]:
    failed = a_template(
        "archive",
        status="failed",
        attempt=2,
        maxAttempts=3,
        failure=a_failure(),
        portalLink="https://portal.azure.com/#view/x",
        correlationId="11111111-1111-1111-1111-111111111111",
    )
    templates = [
        a_template("plan", status="succeeded", resources=[PLAN_ID]),
        failed,
        a_template("web", status="skipped"),
    ]
    ended = {"status": "failed", "phase": "finished", "finishedAt": ENDED, "message": "archive failed."}
    return a_state(**{**ended, "templates": templates, "failures": [a_failure()], **changes})


def a_cancelled_state(**changes: Any) -> dict[str, Any]:
    templates = [
        a_template("plan", status="succeeded", attempt=1, resources=[PLAN_ID]),
        a_template("web", status="cancelled", attempt=1),
        a_template("alerts", status="skipped"),
    ]
    ended = {"status": "cancelled", "phase": "finished", "finishedAt": ENDED, "message": "Cancelled on request."}
    stop = {"reason": "cancelled", "at": "2026-11-24T09:16:00Z", "by": "ana", "comment": "wrong bundle"}
    rollback = {"available": True, "previousDeploymentId": "shop-0"}
    return a_state(**{**ended, "stop": stop, "templates": templates, "rollback": rollback, **changes})


def a_rollback(**changes: Any) -> dict[str, Any]:
    return {
        "previousDeploymentId": "shop-0",
        "number": 1,
        "status": "completed",
        "message": "Everything is as it was before: 1 deployed again, 1 deleted.",
        "templates": [a_template("plan", status="succeeded", attempt=1, maxAttempts=3)],
        "toDelete": 1,
        "deleted": [SITE_ID],
        **changes,
    }


def a_leftover(**changes: Any) -> dict[str, Any]:
    reason = "A lock forbids to delete it."
    return {"id": SITE_ID, "reason": reason, "suggestion": "Remove the lock keep-it.", **changes}


def a_rolled_back_state(**changes: Any) -> dict[str, Any]:
    phases = {"preparing": STARTED, "uploading": STARTED, "deploying": STARTED, "rollingBack": STARTED}
    rollback = a_rollback()
    message = f"archive failed. {rollback['message']}"
    undone = {"status": "rolledBack", "message": message, "phases": phases, "rollback": rollback}
    return a_failed_state(**{**undone, **changes})


def a_partial_state(**changes: Any) -> dict[str, Any]:
    message = "1 resource could not be put back."
    done = {"toDelete": 2, "deleted": [PLAN_ID], "leftovers": [a_leftover()], "message": message}
    rollback = a_rollback(available=True, status="partial", **done)
    partial = {"status": "failed", "message": f"archive failed. {message}", "rollback": rollback}
    return a_rolled_back_state(**{**partial, **changes})


def a_warning(**changes: Any) -> dict[str, Any]:
    message = "Somebody deploys to rg-shop: manual-1."
    return {"key": "foreign", "code": "ForeignDeployment", "message": message, "at": STARTED, **changes}


def an_event(sequence: int, message: str, **changes: Any) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "time": STARTED,
        "code": "TemplateStarted",
        "message": message,
        "level": "info",
        **changes,
    }
