"""Progress as people read it: a percentage, and one line with a bar."""

from armature.state import Progress

BAR_WIDTH = 20


def progress_of(phase: str, completed: int, total: int, message: str) -> Progress:
    """`completed` of `total` items as a Progress, with its line `phase | [=====     ] 50% | message`.

    Nothing to do counts as done; percentages are rounded down, so that 100% means all of it.
    """
    percent = 100 if total == 0 else min(100, 100 * completed // total)
    filled = BAR_WIDTH * percent // 100
    bar = f"{phase} | [{'=' * filled}{' ' * (BAR_WIDTH - filled)}] {percent}% | {message}"
    return Progress(completed=completed, total=total, percent=percent, message=message, bar=bar)
