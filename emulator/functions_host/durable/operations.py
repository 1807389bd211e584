"""The part of the Durable HTTP API that does something to instances that are there; statuses and words as recorded."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from emulator.functions_host.durable import queries
from emulator.functions_host.durable.answers import incorrect_argument, invalid_operation, json_answer
from emulator.functions_host.durable.hub import Reception, TaskHub
from emulator.functions_host.durable.instances import Instance, RuntimeStatus
from emulator.functions_host.durable.management import Management, NotInStateError
from emulator.functions_host.durable.store import Store

RECEPTIONS = {
    Reception.ACCEPTED: HTTPStatus.ACCEPTED,
    Reception.NO_SUCH_INSTANCE: HTTPStatus.NOT_FOUND,
    Reception.INSTANCE_HAS_ENDED: HTTPStatus.GONE,
}

_SUSPENDABLE = (RuntimeStatus.PENDING, RuntimeStatus.RUNNING)


class Operations:
    """Handlers of terminate, suspend, resume, rewind, restart and purge.

    `point_to` answers where a started instance can be watched.
    """

    def __init__(
        self,
        hub: TaskHub,
        store: Store,
        management: Management,
        point_to: Callable[[web.Request, str], Awaitable[web.Response]],
    ) -> None:
        self._hub = hub
        self._store = store
        self._management = management
        self._point_to = point_to
        self._handlers = {
            "terminate": self._terminate,
            "suspend": self._suspend,
            "resume": self._resume,
            "rewind": self._rewind,
            "restart": self._restart,
        }

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a POST of an operation; its name may be in upper or lower case."""
        handler = self._handlers.get(request.match_info["operation"].lower())
        if handler is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return await handler(request, request.match_info["instance_id"])

    async def purge(self, request: web.Request) -> web.Response:
        """Answer a DELETE of one instance."""
        instance_id = request.match_info["instance_id"]
        try:
            was_there = self._management.purge(instance_id)
        except NotInStateError as refusal:
            return json_answer(
                "Only orchestrations in a terminal state can be purged, but the orchestration with instance ID "
                f"{instance_id} has status {refusal.status.value}",
                HTTPStatus.PRECONDITION_FAILED,
            )
        return _purged(int(was_there))

    async def purge_all(self, request: web.Request) -> web.Response:
        """Answer a DELETE of instances by the time of their creation."""
        created_from = queries.moment(request, "createdTimeFrom")
        if created_from is None:
            return json_answer("Please provide value for 'createdTimeFrom' parameter.", HTTPStatus.BAD_REQUEST)
        created_to = queries.moment(request, "createdTimeTo") or datetime.now(UTC)
        return _purged(self._management.purge_all(created_from, created_to, queries.statuses(request)))

    async def _terminate(self, request: web.Request, instance_id: str) -> web.Response:
        return web.Response(status=RECEPTIONS[self._hub.terminate(instance_id, _reason(request))])

    async def _suspend(self, request: web.Request, instance_id: str) -> web.Response:
        instance = self._store.instance(instance_id)
        if instance is not None and not instance.status.is_final and instance.status not in _SUSPENDABLE:
            return _cannot("suspend", instance)
        return web.Response(status=RECEPTIONS[self._hub.suspend(instance_id, _reason(request))])

    async def _resume(self, request: web.Request, instance_id: str) -> web.Response:
        instance = self._store.instance(instance_id)
        if instance is not None and instance.status in _SUSPENDABLE:
            return _cannot("resume", instance)
        return web.Response(status=RECEPTIONS[self._hub.resume(instance_id, _reason(request))])

    async def _rewind(self, request: web.Request, instance_id: str) -> web.Response:
        try:
            woken = self._management.rewind(instance_id, _reason(request), datetime.now(UTC))
        except NotInStateError as refusal:
            text = f'status {refusal.status.value}, but only orchestrations in the "Failed" state can be rewound.'
            return json_answer(f"This orchestration has {text}", HTTPStatus.PRECONDITION_FAILED)
        if woken is None:
            text = f'No orchestration with instance ID "${instance_id}" found.'  # the extension's own dollar sign
            return json_answer(text, HTTPStatus.NOT_FOUND)
        self._hub.wake(woken)
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _restart(self, request: web.Request, instance_id: str) -> web.Response:
        instance = self._store.instance(instance_id)
        if instance is None:
            return _no_valid_instance(f"No instance with ID '{instance_id}' was found. (Parameter 'instanceId')")
        with_new_id = queries.flag(request, "restartWithNewInstanceId", default=True)
        if not with_new_id and not instance.status.is_final:
            return _still_running(instance_id, instance.status)
        if (objection := self._hub.objection_to_orchestrator(instance.name)) is not None:
            return _no_valid_instance(objection)
        started, in_the_way = self._hub.start(
            instance.name, None if with_new_id else instance_id, instance.input_text or "null", is_restart=True
        )
        if in_the_way is not None:  # another restart was faster
            return _still_running(instance_id, in_the_way)
        return await self._point_to(request, started)


def _reason(request: web.Request) -> str | None:
    return queries.text(request, "reason")


def _purged(count: int) -> web.Response:
    if count == 0:
        return web.Response(status=HTTPStatus.NOT_FOUND)
    return json_answer({"instancesDeleted": count})


def _cannot(verb: str, instance: Instance) -> web.Response:
    return invalid_operation(
        f"Cannot {verb} the orchestration instance {instance.instance_id} because instance is in the "
        f"{instance.status.value} state."
    )


def _still_running(instance_id: str, status: RuntimeStatus) -> web.Response:
    return invalid_operation(
        f"Instance '{instance_id}' cannot be restarted while it is in state '{status.value}'. "
        "Wait until it has completed, or restart with a new instance ID."
    )


def _no_valid_instance(reason: str) -> web.Response:
    return incorrect_argument(reason, "InstanceId does not match a valid orchestration instance.")
