"""Asking whoever is there whether something is really meant."""

import sys

import typer

from armature.cli.exits import CommandError, ExitCode


def make_sure(question: str, *, is_sure: bool) -> None:
    """Ask, unless that was answered on the command line.

    Raises:
        CommandError: it is not meant, or nobody is there to be asked.
    """
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise CommandError(ExitCode.USAGE, "Nobody is there to be asked.", "Give --yes if that is meant.")
    if not typer.confirm(question, default=False, err=True):
        raise CommandError(ExitCode.INTERRUPTED, "Nothing was done.")
