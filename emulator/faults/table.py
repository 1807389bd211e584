"""The catalogue as a Markdown table."""

import json
from collections.abc import Iterable, Sequence

from emulator.faults.catalogue import FAULTS
from emulator.faults.parameters import Parameters


def catalogue_table() -> str:
    """All faults: service, name, what happens, parameters with their defaults, an example rule."""
    rows = [
        (
            kind.service,
            f"`{kind.name}`",
            kind.what,
            ", ".join(f"`{name}`: {json.dumps(default)}" for name, default in _defaults(kind.parameters())) or "none",
            f"`{json.dumps(kind.example_rule())}`",
        )
        for kind in FAULTS.values()
    ]
    return markdown(("service", "fault", "what happens", "parameters", "example"), rows)


def _defaults(parameters: Parameters) -> Iterable[tuple[str, object]]:
    return parameters.model_dump(mode="json", by_alias=True).items()


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; ends in a line break."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
