"""How often a client has started an instance under an id: the Generation of ExecutionStarted.

As recorded, and as AzureStorageOrchestrationService.CreateTaskOrchestrationAsync has it: 0 for a new id, one more for
an id that was there; a sub-orchestration has none, nor has what is started in the place of one. It outlives a
continue-as-new, whose own row has no generation.
"""

import sqlite3


def next_generation(connection: sqlite3.Connection, instance_id: str) -> int | None:
    """Return the generation of a client's start under this id."""
    if connection.execute("SELECT 1 FROM instances WHERE instance_id = ?", (instance_id,)).fetchone() is None:
        return 0
    row = connection.execute("SELECT generation FROM generations WHERE instance_id = ?", (instance_id,)).fetchone()
    return None if row is None else int(row["generation"]) + 1


def keep_generation(connection: sqlite3.Connection, instance_id: str, generation: int | None) -> None:
    """Remember the generation of the instance that has been started under this id."""
    if generation is not None:
        connection.execute("INSERT OR REPLACE INTO generations VALUES (?, ?)", (instance_id, generation))
