"""The application that the commands belong to, and what the help of each of them ends with."""

import typer

from armature.cli.exits import ExitCode

EXIT_CODES = "Exit codes: " + "; ".join(f"{code.value} {code.meaning}" for code in ExitCode) + "."

app = typer.Typer(
    name="armature",
    help="Deploy bundles of Azure Resource Manager templates through Armature.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
