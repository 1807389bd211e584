"""No problem ever repeats the value of a parameter, whatever is wrong with it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from armature.problems import ProblemCode
from tests.armature.bad_bundles import single
from tests.armature.test_validation import reviewed
from tests.builders import template

VALUE = "v4lue-0f-a-parameter"
TYPES = ["string", "securestring", "int", "bool", "array", "object", "secureobject"]
values = st.recursive(
    st.just(VALUE),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, min_size=1),
    max_leaves=5,
)
sources = st.one_of(
    values.map(lambda value: {"value": value}),
    values.map(lambda value: {"value": value, "output": "only.x"}),
    values.map(lambda value: {"reference": {"keyVault": {"id": value}, "secretName": value}}),
    values.map(lambda value: {"reference": value}),
    values,
)


@given(
    st.sampled_from(TYPES),
    st.dictionaries(st.sampled_from(["minLength", "maxLength", "minValue"]), st.integers(1, 3)),
    st.booleans(),
    sources,
)
def test_a_value_is_never_told(kind: str, limits: dict[str, int], has_choice: bool, source: Any) -> None:
    choice = {"allowedValues": ["one", "two"]} if has_choice else {}
    document = template(parameters={"p": {"type": kind, **limits, **choice}})

    review = reviewed(single(document, parameters={"p": source}))

    assert VALUE not in " ".join(str(problem) for problem in review.problems)
    if kind.startswith("secure"):
        codes = {problem.code for problem in review.errors}
        assert codes & {ProblemCode.PARAMETER_SECURE_LITERAL, ProblemCode.MANIFEST_FIELD}
