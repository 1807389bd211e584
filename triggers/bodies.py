"""The bodies of requests: JSON of a bounded length, read as a model."""

import json
import math
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
    """The JSON document in a body, as RFC 8259 has it: in UTF-8, without NaN and infinities, each name once.

    What readers take in different ways is refused, so that none is talked into another document than was meant.

    Raises:
        ValueError: not such a document, or more than `MAX_BODY_BYTES` of it.
    """
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"The request has {len(body)} bytes; at most {MAX_BODY_BYTES} are taken.")
    try:
        document = json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_each_once, parse_constant=_no_number, parse_float=_finite
        )
        json.dumps(document, ensure_ascii=False).encode()  # half a character can't be stored
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The body is not JSON: {error}.") from error
    return document


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {json.dumps(twice[:80])} is there more than once")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number
