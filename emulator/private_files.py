"""Files that only their owner may read, replaced as a whole."""

import os
import tempfile
from pathlib import Path


def write_for_owner(file: Path, text: str) -> None:
    """Replace the file: whoever reads it finds what it held before, or what it holds now. Its mode is 600."""
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(temporary).replace(file)
