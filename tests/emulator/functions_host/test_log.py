"""Log lines."""

import json
import logging

from emulator.functions_host.log import Invocation, JsonLines, current_invocation


def line(record: logging.LogRecord) -> dict[str, object]:
    return json.loads(JsonLines().format(record))


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("app", logging.WARNING, __file__, 1, message, (), None)
    vars(made).update(fields)
    return made


def test_a_line_tells_the_function_and_the_invocation() -> None:
    token = current_invocation.set(Invocation("hello", "1"))
    try:
        written = line(record("hi"))
    finally:
        current_invocation.reset(token)

    assert (written["function"], written["invocationId"], written["message"]) == ("hello", "1", "hi")


def test_facts_are_fields() -> None:
    assert line(record("hi", facts={"queue": "in"}))["queue"] == "in"


def test_a_line_is_one_line_whatever_is_said() -> None:
    assert "\n" not in JsonLines().format(record("two\nlines"))


def test_an_exception_has_its_traceback() -> None:
    try:
        raise ValueError("no")
    except ValueError as error:
        failed = record("failed", exc_info=(ValueError, error, error.__traceback__))

    assert "ValueError: no" in str(line(failed)["traceback"])
