import pytest

from armature.bundle import BundleLimits, near_name
from armature.settings import Settings


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("templates/Web.json", "templates/web.json"),
        ("web.json", "templates/web.json"),
        ("templates/wb.json", "templates/web.json"),
        ("nothing/like.it", None),
    ],
)
def test_a_path_that_was_perhaps_meant_is_found(path: str, near: str | None) -> None:
    assert near_name(path, ["manifest.json", "templates/web.json", "packages/api.zip"]) == near


def test_the_limits_without_settings_are_those_of_the_settings() -> None:
    defaults = Settings.model_validate({"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://x"})

    assert BundleLimits.of(defaults) == BundleLimits()
