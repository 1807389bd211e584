"""The bodies of requests: JSON of a bounded length, read as a model."""

import json
from typing import Any, TypeVar

import azure.functions as func
from pydantic import ValidationError

from armature.models import Model
from triggers.answers import ProblemError, invalid_request

MAX_BODY_BYTES = 64 * 1024

BodyT = TypeVar("BodyT", bound=Model)


def body_in(req: func.HttpRequest, model: type[BodyT]) -> BodyT:
    """The request's body as that model; an empty body says nothing more than the address does.

    Raises:
        ProblemError: 400, with what is wrong with it.
    """
    try:
        return model.model_validate(document_in(req.get_body() or b"{}"))
    except ValidationError as error:
        raise invalid_request(error) from error
    except ValueError as error:
        raise ProblemError(400, "invalid-request", "The request is not valid", str(error)) from error


def document_in(body: bytes) -> Any:
    """The JSON document in a body.

    Raises:
        ValueError: not JSON, or more than `MAX_BODY_BYTES` of it.
    """
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"The request has {len(body)} bytes; at most {MAX_BODY_BYTES} are taken.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The body is not JSON: {error}.") from error
