"""Numbers as people say them."""

import pytest

from armature.numbers import count_of, ordinal


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (112, "112th"),
    ],
)
def test_places_in_a_queue_are_told_in_words(number, words):
    assert ordinal(number) == words


@pytest.mark.parametrize(("number", "words"), [(0, "0 errors"), (1, "1 error"), (2, "2 errors")])
def test_of_one_thing_the_noun_stands_in_the_singular(number: int, words: str) -> None:
    assert count_of(number, "error") == words
