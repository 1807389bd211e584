import pytest

from armature.templates.nearest import MAX_KNOWN, MAX_SOUGHT, Nearest

FILES = ["manifest.json", "packages/api.zip", "templates/web.json"]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("templates/Web.json", "templates/web.json"),
        ("web.json", "templates/web.json"),
        ("templates/wbe.json", None),
        ("templates/manifst.json", "manifest.json"),
        ("templates/network.json", None),
        ("nothing/like.it", None),
    ],
)
def test_a_file_that_was_perhaps_meant_is_found_and_no_other_is_offered(path: str, near: str | None) -> None:
    assert Nearest().find_file(path, FILES) == near


def test_a_name_that_was_perhaps_meant_is_found() -> None:
    assert Nearest().find("netwrok", ["web", "network"]) == "network"
    assert Nearest().find("gone", ["web", "network"]) is None


def test_only_the_first_wrong_names_are_compared_and_each_once() -> None:
    nearest, known = Nearest(), ["network"]

    found = [nearest.find(f"network{number}", known) for number in range(MAX_SOUGHT + 1)]

    assert found == ["network"] * MAX_SOUGHT + [None]
    assert nearest.find("network0", known) == "network"


def test_nothing_is_compared_with_very_many_names() -> None:
    assert Nearest().find("network", [f"network{number}" for number in range(MAX_KNOWN + 1)]) is None
