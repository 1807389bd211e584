"""What all models have in common."""

import pytest
from pydantic import ValidationError

from armature.plan import ParameterBinding


def test_an_error_does_not_repeat_the_value_that_is_wrong() -> None:
    with pytest.raises(ValidationError) as wrong:
        ParameterBinding.model_validate({"kind": "value", "value": "hunter2", "password": "hunter2"})

    assert "hunter2" not in str(wrong.value)
