from armature.bundle import BundleLimits
from armature.settings import Settings


def test_the_limits_without_settings_are_those_of_the_settings() -> None:
    defaults = Settings.model_validate({"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://x"})

    assert BundleLimits.of(defaults) == BundleLimits()
