"""The section `validation` of a manifest: what its author wants to be checked besides what is checked anyway."""

import re
import warnings
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, model_validator

from armature.models import Form, Model
from armature.outbound import OutboundError, target_of
from armature.redaction import redact
from armature.templates.literals import has_secret, plain_text_secrets

MAX_ENDPOINTS = 50
MAX_PROPERTIES = 200
MAX_FUNCTION_APPS = 50
MAX_PATTERN = 500
MAX_HEADERS = 20
MAX_WARM_UP_SECONDS = 3600
TLS_DAYS_LEFT = 14

_OWN_HEADERS = frozenset(
    "accept-encoding connection content-length expect host keep-alive proxy-authorization te trailer transfer-encoding "
    "upgrade".split()
)
_SECRET_HEADERS = re.compile(r"authorization|cookie|(^|[-_])(key|token|secret|password|signature|sas)([-_]|$)", re.I)
_SECRET_ARGUMENTS = re.compile(
    r"^(code|sig|sas|auth)$|(key|token|secret|password|passwd|pwd|signature|credential)s?$", re.I
)
"""Of an address: `code` is a function's key."""


def _compiled(pattern: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError("must be a regular expression as Python's re has them") from error
    return pattern


def _address(uri: str) -> str:
    try:
        target_of(uri)
    except OutboundError as error:
        raise ValueError("must be an https:// address without a user, in printable ASCII") from error
    return _without_secrets(uri)


def _without_secrets(address: str) -> str:
    """The address, or path, which is kept and shown like all of the manifest."""
    arguments = parse_qsl(urlsplit(address).query, keep_blank_values=False)
    if redact(address) != address or any(
        _SECRET_ARGUMENTS.search(name) or has_secret(value) for name, value in arguments
    ):
        raise ValueError("its query would hold a secret: check an address that needs none")
    return address


_STATUS = [{"type": "integer", "minimum": 100, "maximum": 599}, {"type": "string", "pattern": "^[1-5]xx$"}]


def _statuses(given: Any) -> Any:
    """As it is given: of a union, pydantic would tell the places of its faults in words of its own."""
    statuses = given if isinstance(given, list) else [given]
    if not statuses or not all(_is_status(status) for status in statuses):
        raise ValueError("must be a status such as 200, a class of them such as 2xx, or a list of such")
    return given


def _is_status(status: Any) -> bool:
    if isinstance(status, str):
        return re.fullmatch("[1-5]xx", status) is not None
    return isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name.lower() in _OWN_HEADERS:
            raise ValueError(f"the header {name} is not one to set")
        if _SECRET_HEADERS.search(name) or any(plain_text_secrets({name: value})) or has_secret(value):
            raise ValueError(f"the header {name} would hold a secret: check an address that needs none")
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("letter case does not tell two headers apart")
    return headers


OutputText = Annotated[
    str, Form(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.[^\s.]+$", "TEMPLATE.OUTPUT: an output of a template")
]
Seconds = Annotated[int, Field(ge=0, le=MAX_WARM_UP_SECONDS)]
Severity = Literal["fail", "warn", "off"]


class _Declared(Model):
    """A part of the file: its keys are spelled as in JSON, and not in any other way."""

    model_config = ConfigDict(populate_by_name=False)


class EndpointDeclaration(_Declared):
    """An address that must answer: `uri`, or what the output of a template holds."""

    model_config = {"json_schema_extra": {"oneOf": [{"required": ["uri"]}, {"required": ["output"]}]}}

    uri: Annotated[
        str | None, AfterValidator(lambda uri: uri if uri is None else _address(uri)), Field(description="https only.")
    ] = None
    output: Annotated[
        OutputText | None, Field(description="TEMPLATE.OUTPUT: holds an https:// address or a host name.")
    ] = None
    path: Annotated[
        Annotated[
            str,
            Form(r"^/[\x21-\x7e]{0,1023}$", "a path that begins with a slash, in printable ASCII"),
            AfterValidator(_without_secrets),
        ]
        | None,
        Field(description="Follows the address."),
    ] = None
    method: Literal["GET", "HEAD"] = "GET"
    headers: Annotated[
        dict[
            Annotated[str, Form(r"^[A-Za-z0-9-]{1,64}$", "1 to 64 letters, digits and hyphens")],
            Annotated[str, Form(r"^[\x20-\x7e]{0,256}$", "at most 256 printable ASCII characters")],
        ],
        Field(max_length=MAX_HEADERS, description="Sent with the request; none that holds a secret."),
        AfterValidator(_headers),
    ] = {}
    expect: Annotated[
        Any,
        AfterValidator(_statuses),
        WithJsonSchema({"anyOf": [*_STATUS, {"type": "array", "items": {"anyOf": _STATUS}, "minItems": 1}]}),
        Field(description="The status, a class such as 2xx, or a list of both."),
    ] = "2xx"
    contains: Annotated[str | None, Field(min_length=1, max_length=1000, description="The body has this text.")] = None
    matches: Annotated[
        str | None,
        Field(min_length=1, max_length=MAX_PATTERN, description="The body has a match of this regular expression."),
        AfterValidator(lambda pattern: pattern if pattern is None else _compiled(pattern)),
    ] = None
    max_latency_milliseconds: Annotated[
        int | None, Field(ge=1, le=60_000, description="Slower than this, once it is warm, is a failure.")
    ] = None
    tls_days_left: Annotated[
        int, Field(ge=0, le=365, description="Fewer days left of the certificate are a warning.")
    ] = TLS_DAYS_LEFT
    warm_up_seconds: Annotated[
        Seconds | None, Field(description="For so long it is tried again. Left out: as the section, or the app, says.")
    ] = None

    @model_validator(mode="after")
    def _is_one_address(self) -> Self:
        if (self.uri is None) == (self.output is None):
            raise ValueError("give exactly one of 'uri' and 'output'")
        if self.method == "HEAD" and (self.contains is not None or self.matches is not None):
            raise ValueError("an answer to HEAD has no body for 'contains' or 'matches'")
        return self

    @property
    def expected(self) -> tuple[int | str, ...]:
        """The statuses and classes of them that are good."""
        return tuple(self.expect) if isinstance(self.expect, list) else (self.expect,)


class PropertyDeclaration(_Declared):
    """A property of a deployed resource, and what it must equal. The resource is named in one of three ways."""

    model_config = {
        "json_schema_extra": {
            "oneOf": [{"required": ["id"]}, {"required": ["output"]}, {"required": ["template", "type", "name"]}]
        }
    }

    id: Annotated[
        Annotated[
            str,
            Field(max_length=2048),
            Form(r"^(/(?!\.{1,2}(/|$))[^/\s?#]+)+$", "a resource id, which begins with a slash"),
        ]
        | None,
        Field(description="Its resource id."),
    ] = None
    output: Annotated[OutputText | None, Field(description="TEMPLATE.OUTPUT: holds its resource id.")] = None
    template: Annotated[str | None, Field(max_length=64, description="The template that deploys it.")] = None
    type: Annotated[
        Annotated[
            str,
            Field(max_length=260),
            Form(r"^[A-Za-z0-9.]+(/[A-Za-z0-9.]+)+$", "a resource type such as Microsoft.Web/sites"),
        ]
        | None,
        Field(description="With `template`: its type."),
    ] = None
    name: Annotated[
        str | None, Field(min_length=1, max_length=260, description="With `template`: its own name, without parents'.")
    ] = None
    property: Annotated[
        str,
        Field(min_length=1, max_length=500, description="`properties.httpsOnly`, or the same as a JSON pointer."),
    ]
    equals: Annotated[Any, Field(description="The value; null also when there is no such property.")]

    @model_validator(mode="after")
    def _is_one_resource(self) -> Self:
        named = (self.template, self.type, self.name)
        ways = (self.id is not None, self.output is not None, any(part is not None for part in named))
        if ways.count(True) != 1 or (ways[2] and None in named):
            raise ValueError("name the resource by 'id', by 'output', or by 'template', 'type' and 'name'")
        return self


class FunctionAppDeclaration(_Declared):
    """The functions that a deployed function app must list."""

    model_config = {"json_schema_extra": {"oneOf": [{"required": ["name"]}, {"required": ["output"]}]}}

    name: Annotated[
        Annotated[str, Form(r"^[A-Za-z0-9][A-Za-z0-9-]{0,59}(/[A-Za-z0-9-]{1,59})?$", "an app's name, or APP/SLOT")]
        | None,
        Field(description="The app's name, or APP/SLOT."),
    ] = None
    output: Annotated[OutputText | None, Field(description="TEMPLATE.OUTPUT: holds the app's name or resource id.")] = (
        None
    )
    functions: Annotated[
        tuple[Annotated[str, Form(r"^[A-Za-z][A-Za-z0-9_-]{0,126}$", "a function's name")], ...],
        Field(min_length=1, max_length=500),
    ]
    warm_up_seconds: Seconds | None = None

    @model_validator(mode="after")
    def _is_one_app(self) -> Self:
        if (self.name is None) == (self.output is None):
            raise ValueError("give exactly one of 'name' and 'output'")
        return self

    @property
    def called(self) -> str:
        """How the manifest calls it."""
        return self.name or self.output or ""


class ValidationSection(_Declared):
    """The checks after the deployment, besides those that every deployment gets."""

    endpoints: Annotated[tuple[EndpointDeclaration, ...], Field(max_length=MAX_ENDPOINTS)] = ()
    resources: Annotated[tuple[PropertyDeclaration, ...], Field(max_length=MAX_PROPERTIES)] = ()
    function_apps: Annotated[tuple[FunctionAppDeclaration, ...], Field(max_length=MAX_FUNCTION_APPS)] = ()
    resource_health: Annotated[
        Severity, Field(description="What it means that Azure reports a deployed resource as unavailable.")
    ] = "fail"
    warm_up_seconds: Annotated[
        Seconds | None, Field(description="For so long what is not good yet is looked at again.")
    ] = None
