"""The histories of running instances in a host's memory, so that an episode need not read the whole of one again."""

from collections.abc import Callable, Sequence

from emulator.functions_host.durable.history import Recorded
from emulator.functions_host.durable.instances import Instance
from emulator.functions_host.durable.store import Store


class RememberedHistories:
    """What this host has written last of each instance. Several threads may use it, one for an instance at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[str, Sequence[Recorded]]] = {}

    def of(self, instance: Instance) -> Sequence[Recorded]:
        """Return a history, from memory when it is of this execution and as long as what is stored."""
        instance_id = instance.instance_id
        execution_id, remembered = self._known.get(instance_id, ("", ()))
        if execution_id == instance.execution_id and len(remembered) == self._store.history_length(instance_id):
            return remembered
        return self._store.history(instance_id)

    def remember(self, instance: Instance, history: Sequence[Recorded]) -> None:
        """Keep the history of an instance, which has just been written; that of one that has ended is forgotten."""
        if instance.status.is_final:
            self.forget(instance.instance_id)
        else:
            self._known[instance.instance_id] = (instance.execution_id, history)

    def forget(self, instance_id: str) -> None:
        """Keep the history of an instance no longer."""
        self._known.pop(instance_id, None)

    def forget_all(self, are_forgotten: Callable[[str], bool]) -> None:
        """Keep no history of the instances of which this is so."""
        for instance_id in list(self._known):
            if are_forgotten(instance_id):
                self.forget(instance_id)
