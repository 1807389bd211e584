"""Secure parameters in what-if's answer: what they hold is told nowhere."""

from dataclasses import dataclass
from typing import Any

from emulator.arm.engine.parameters import is_secure
from emulator.arm.engine.prepared import Prepared

HIDDEN = "*******"
WITHIN_TEXT = (
    4  # characters: a shorter value is only hidden where it stands alone, or every text would be full of holes
)


@dataclass(frozen=True)
class Mask:
    """Replaces the values of secure parameters wherever they stand, alone or within a text."""

    secrets: tuple[str, ...]

    @classmethod
    def of(cls, prepared: Prepared) -> "Mask":
        """The mask of a deployment and all that is nested in it; longer values first."""
        found = {text for value in _secure_values(prepared) for text in _texts(value) if text}
        return cls(tuple(sorted(found, key=lambda text: (-len(text), text))))

    def hide(self, value: Any) -> Any:
        """A copy without the secrets."""
        if isinstance(value, str):
            return HIDDEN if value in self.secrets else self._hide_within(value)
        if isinstance(value, list):
            return [self.hide(item) for item in value]
        if isinstance(value, dict):
            return {key: self.hide(item) for key, item in value.items()}
        return value

    def _hide_within(self, text: str) -> str:
        for secret in self.secrets:
            if len(secret) >= WITHIN_TEXT:
                text = text.replace(secret, HIDDEN)
        return text


def _secure_values(prepared: Prepared) -> list[Any]:
    values = [prepared.scope.parameter(name) for name, entry in prepared.parameters.items() if is_secure(entry)]
    children = [instance.child for instance in prepared.instances if instance.is_run and instance.child]
    return values + [value for child in children for value in _secure_values(child)]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return []
