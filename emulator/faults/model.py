"""Rules for faults and the file that holds them, checked as a whole with every mistake told."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from emulator.faults.catalogue import FAULTS, faults_of
from emulator.faults.catalogue.kind import FaultKind
from emulator.faults.operations import MATCHED, OPERATIONS, Service
from emulator.faults.parameters import Parameters

_RANGE = re.compile(r"([1-9]\d*)-([1-9]\d*)?")
_STRICT = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)

Patterns = str | tuple[str, ...] | None
"""One pattern or several, of which one must match: `*` is any text, `?` any character; case does not matter."""


@dataclass(frozen=True)
class FaultProblem:
    """One mistake in a file of faults: what, where, and what to do."""

    where: str
    what: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.next_step}"


class FaultFileError(Exception):
    """A file of faults that can't be used, with all its problems."""

    def __init__(self, problems: Iterable[FaultProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class FaultMatch(BaseModel):
    """What an occasion must be for a rule to look at it; what is not given matches anything (see MATCHED)."""

    model_config = _STRICT

    operation: Patterns = None
    resource_type: Patterns = None
    name: Patterns = None
    resource_group: Patterns = None
    deployment: Patterns = None
    account: Patterns = None
    container: Patterns = None
    caller: Patterns = None
    credential: Patterns = None
    instance: Patterns = None
    method: Patterns = None
    path: Patterns = None

    def given(self) -> dict[str, tuple[str, ...]]:
        """The patterns that are given, by the attribute of the occasion."""
        return {
            name: (patterns,) if isinstance(patterns, str) else tuple(patterns)
            for name, patterns in self.model_dump(by_alias=True, exclude_none=True).items()
        }


class FaultRule(BaseModel):
    """When a fault happens, and how.

    An occasion has a key, such as one deployment that is put, or one activity of one instance. `attempts` are those of
    the occasions of a key, counted from 1, at which the fault may happen: a list, `"2-4"` or `"3-"`. `probability` is
    that of each of them, decided by the file's seed. `times` is how often the fault happens at most, over all keys.
    """

    model_config = _STRICT

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]
    service: Service
    fault: str
    match: FaultMatch = FaultMatch()
    attempts: tuple[Annotated[int, Field(ge=1)], ...] | Annotated[str, Field(pattern=f"^{_RANGE.pattern}$")] | None = (
        None
    )
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    times: Annotated[int, Field(ge=1)] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees_with_the_catalogue(self) -> Self:
        if problems := _problems_of(self):
            raise PydanticCustomError("fault", "the rule is wrong", {"problems": problems})
        return self

    @property
    def kind(self) -> FaultKind:
        """The entry of the catalogue."""
        return FAULTS[self.service, self.fault]

    @cached_property
    def typed_parameters(self) -> Parameters:
        """The parameters with their defaults."""
        return self.kind.parameters.model_validate(self.parameters)

    @property
    def first_attempt(self) -> int:
        """The first attempt at which the fault may happen."""
        return self._span[0]

    @property
    def last_attempt(self) -> int | None:
        """The last attempt at which the fault may happen; None when there is no last one."""
        return self._span[1]

    def includes(self, attempt: int) -> bool:
        """Whether the fault may happen at this attempt."""
        if isinstance(self.attempts, tuple):
            return attempt in self.attempts
        first, last = self._span
        return attempt >= first and (last is None or attempt <= last)

    @cached_property
    def _span(self) -> tuple[int, int | None]:
        if self.attempts is None:
            return 1, None
        if isinstance(self.attempts, tuple):
            return min(self.attempts), max(self.attempts)
        first, _, last = self.attempts.partition("-")
        return int(first), int(last) if last else None

    def document(self) -> dict[str, Any]:
        """The rule as JSON, with the operations and parameters that it leaves to the catalogue written out."""
        document = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        document["match"] = {"operation": list(self.kind.places), **document["match"]}
        patterns = self.match.given().get("operation", ())
        if any(set(pattern) & set("*?") for pattern in patterns):
            document["match"]["operation"] = [
                operation
                for operation in self.kind.operations
                if any(glob(pattern).fullmatch(operation) for pattern in patterns)
            ]
        document["parameters"] = self.typed_parameters.model_dump(mode="json", by_alias=True, exclude_none=True)
        return document


class FaultFile(BaseModel):
    """Rules and the seed by which their probabilities are decided."""

    model_config = _STRICT

    seed: int = 1
    rules: tuple[FaultRule, ...] = ()

    @model_validator(mode="after")
    def _has_one_rule_an_id(self) -> Self:
        ids = [rule.id for rule in self.rules]
        problems = [
            FaultProblem(f"rules[{index}].id", f"'{id_}' is the id of an earlier rule.", "Give each rule its own.")
            for index, id_ in enumerate(ids)
            if id_ in ids[:index]
        ]
        if problems:
            raise PydanticCustomError("fault", "ids are not unique", {"problems": problems})
        return self

    def document(self) -> dict[str, Any]:
        """The file as JSON, rules written out."""
        return {"seed": self.seed, "rules": [rule.document() for rule in self.rules]}


def read_faults(document: Any) -> FaultFile:
    """The file that a JSON document is; raises FaultFileError with all its problems."""
    try:
        return FaultFile.model_validate(document)
    except ValidationError as error:
        raise FaultFileError(_translated(error)) from error


def read_rule(document: Any) -> FaultRule:
    """The rule that a JSON document is; raises FaultFileError with all its problems."""
    try:
        return FaultRule.model_validate(document)
    except ValidationError as error:
        raise FaultFileError(_translated(error)) from error


def _problems_of(rule: FaultRule) -> list[FaultProblem]:
    if (rule.service, rule.fault) not in FAULTS:
        names = [kind.name for kind in faults_of(rule.service)]
        near = difflib.get_close_matches(rule.fault, names, 1)
        step = f"Did you mean '{near[0]}'?" if near else f"{rule.service} has {', '.join(names)}."
        return [FaultProblem("fault", f"{rule.service} has no fault '{rule.fault}'.", step)]
    problems = _problems_of_match(rule)
    if rule.attempts == ():
        problems.append(FaultProblem("attempts", "The list is empty.", "Leave it out, or name attempts from 1 on."))
    if rule.attempts not in (None, ()) and rule.last_attempt is not None and rule.last_attempt < rule.first_attempt:
        problems.append(FaultProblem("attempts", f"'{rule.attempts}' ends before it begins.", "Write first-last."))
    try:
        rule.kind.parameters.model_validate(rule.parameters)
    except ValidationError as error:
        known = sorted(field.alias or name for name, field in rule.kind.parameters.model_fields.items())
        step = f"'{rule.fault}' takes {', '.join(known)}." if known else f"'{rule.fault}' takes no parameters."
        problems += [
            FaultProblem(f"parameters.{_place(detail['loc'])}", f"{detail['msg']}.", step) for detail in error.errors()
        ]
    return problems


def _problems_of_match(rule: FaultRule) -> list[FaultProblem]:
    given, problems = rule.match.given(), []
    for name in given.keys() - set(MATCHED[rule.service]):
        step = f"Rules of {rule.service} match on {', '.join(MATCHED[rule.service])}."
        problems.append(FaultProblem(f"match.{name}", f"Occasions of {rule.service} have no '{name}'.", step))
    wanted = given.get("operation", ())
    for pattern in wanted:
        if not any(glob(pattern).fullmatch(operation) for operation in rule.kind.operations):
            known = any(glob(pattern).fullmatch(operation) for operation in OPERATIONS[rule.service])
            what = f"'{rule.fault}' does not happen at '{pattern}'." if known else f"There is no operation '{pattern}'."
            step = f"'{rule.fault}' happens at {', '.join(rule.kind.operations)}."
            problems.append(FaultProblem("match.operation", what, step))
    return problems


def glob(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression: `*` is any text, `?` any character; case does not matter."""
    text = "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def _translated(error: ValidationError) -> list[FaultProblem]:
    problems: list[FaultProblem] = []
    for detail in error.errors():
        where = _place(detail["loc"])
        inner: Iterable[FaultProblem] = detail.get("ctx", {}).get("problems", ()) if detail["type"] == "fault" else ()
        if inner:
            prefix = f"{where}." if where else ""
            problems += [FaultProblem(prefix + one.where, one.what, one.next_step) for one in inner]
        else:
            problems.append(FaultProblem(where or "the file", f"{detail['msg']}.", _step(detail)))
    return problems


def _step(detail: Mapping[str, Any]) -> str:
    if detail["type"] == "extra_forbidden":
        return "Take it out, or correct its name."
    if detail["type"] == "missing":
        return "Add it."
    return "`python -m emulator faults schema` prints what is allowed."


def _place(location: Iterable[int | str]) -> str:
    """`rules[0].match.name`, without the names that pydantic gives to the members of unions."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z]+", part) and part not in {"str", "tuple"}:
            text += f".{part}" if text else part
    return text
