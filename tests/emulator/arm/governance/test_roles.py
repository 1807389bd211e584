"""What a pattern of operations matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm.governance.built_in_roles import BUILT_IN_ROLES
from emulator.arm.governance.roles import Permission, matches

TEXTS = st.text(alphabet="aB/.*", max_size=12)


@given(TEXTS, st.lists(st.text(alphabet="aB/.", max_size=6), max_size=4))
def test_any_text_may_stand_for_a_star(pattern: str, fillings: list[str]) -> None:
    parts = pattern.split("*")
    filled = parts[0] + "".join(
        (fillings[number % len(fillings)] if fillings else "") + part for number, part in enumerate(parts[1:])
    )

    assert matches(pattern, filled)
    assert matches(pattern.upper(), filled.lower())


@given(st.text(alphabet="aB/.", max_size=12), st.text(alphabet="aB/.", max_size=12))
def test_a_pattern_without_a_star_is_itself_alone(pattern: str, action: str) -> None:
    assert matches(pattern, action) is (pattern.lower() == action.lower())


@pytest.mark.parametrize(
    ("action", "is_allowed"),
    [
        ("Microsoft.Web/sites/write", True),
        ("Microsoft.Authorization/roleAssignments/read", True),
        ("Microsoft.Authorization/roleAssignments/write", False),
        ("microsoft.authorization/locks/delete", False),
    ],
)
def test_what_not_actions_name_is_taken_away(action: str, is_allowed: bool) -> None:
    contributor = next(role for role in BUILT_IN_ROLES if role.name == "Contributor")

    assert Permission(contributor.actions, contributor.not_actions).allows(action) is is_allowed


def test_no_two_roles_have_the_same_id_or_name() -> None:
    assert len({role.id for role in BUILT_IN_ROLES}) == len(BUILT_IN_ROLES)
    assert len({role.name for role in BUILT_IN_ROLES}) == len(BUILT_IN_ROLES)
