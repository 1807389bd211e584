"""The commands: each reads its options, asks the API, shows the answer and ends with an exit code.

application     the Typer application that they all belong to
deploying       deploy
controlling     cancel, rollback, resume
deciding        approve, reject
cleaning        cleanup
checking        checks
looking         status, list, version
bundles         bundle validate
previewing      what-if, validate, preview
operating       locks, unlock, retention
history         audit, compare, lineages, drift
"""

from armature.cli.commands import (  # each adds its own commands
    bundles,
    checking,
    cleaning,
    controlling,
    deciding,
    deploying,
    history,
    looking,
    operating,
    previewing,
)
from armature.cli.commands.application import app

__all__ = [
    "app",
    "bundles",
    "checking",
    "cleaning",
    "controlling",
    "deciding",
    "deploying",
    "history",
    "looking",
    "operating",
    "previewing",
]
