"""What a name that does not exist was perhaps meant to be."""

from collections.abc import Callable, Collection
from difflib import get_close_matches
from pathlib import PurePosixPath

MAX_SOUGHT = 20
MAX_KNOWN = 1000
_MAX_NAME = 80
_LIKE = 0.8


class Nearest:
    """Finds the known name that is most like a wrong one, for one check of one bundle.

    A comparison with every known name is slow. Only the first `MAX_SOUGHT` different wrong names get one, and only
    among at most `MAX_KNOWN`: a bundle full of mistakes is checked as fast as a sound one.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], tuple[Collection[str], str | None]] = {}

    def find(self, name: str, known: Collection[str]) -> str | None:
        """The known name that is most like `name`, if any is. An answer is kept for the very same `known`."""
        return self._once(name, known, _near_name)

    def find_file(self, path: str, files: Collection[str]) -> str | None:
        """The file that was perhaps meant by a path: the same in another letter case or folder, or a slip away."""
        return self._once(path, files, _near_file)

    def _once(self, name: str, known: Collection[str], look: Callable[[str, list[str]], str | None]) -> str | None:
        key = (name, id(known))
        if key not in self._found:
            if len(self._found) >= MAX_SOUGHT:
                return None
            self._found[key] = (known, look(name, sorted(known)))  # `known` is held, so that its id stays its own
        return self._found[key][1]


def _near_name(name: str, known: list[str]) -> str | None:
    return next(iter(get_close_matches(name[:_MAX_NAME], known, 1)), None) if len(known) <= MAX_KNOWN else None


def _near_file(path: str, files: list[str]) -> str | None:
    folded = path.casefold()
    last = folded.rpartition("/")[2]
    same_but_case = (file for file in files if file.casefold() == folded)
    same_name = (file for file in files if file.rpartition("/")[2].casefold() == last)
    found = next(same_but_case, None) or next(same_name, None)
    if found or len(files) > MAX_KNOWN:
        return found
    # By the name without its ending, which most files share.
    stems = {PurePosixPath(file).stem[:_MAX_NAME]: file for file in files}
    close = get_close_matches(PurePosixPath(path).stem[:_MAX_NAME], list(stems), 1, _LIKE)
    return stems[close[0]] if close else None
