"""Where the shared reference material lies; without it these tests say so and skip."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared_folder() -> Path:
    """The reference material: ARMATURE_SHARED, else the folder `shared` beside the clone."""
    return Path(os.environ.get("ARMATURE_SHARED") or ROOT.parent / "shared")


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if not (folder / "design.md").is_file():
        pytest.skip(f"no reference material at {folder}: set ARMATURE_SHARED to the folder that holds it")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `make test` leaves them out."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.conformance)
