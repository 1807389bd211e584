"""What can go wrong with an expression.

TemplateError
    ExpressionSyntaxError    it can't be parsed
    ExpressionError          it can be parsed, but ARM refuses to evaluate it
    UnresolvedError          its value can't be told here and now
"""


class TemplateError(Exception):
    """Anything that an expression of a template can raise."""


class ExpressionSyntaxError(TemplateError):
    """The text is no expression. `column` is the 1-based character of the string where the parser gave up."""

    def __init__(self, message: str, column: int, *, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.reason = reason or message


class ExpressionError(TemplateError):
    """ARM would refuse to evaluate the expression.

    `code` is ARM's error code, `message` the engine's words, `column` the 1-based character of the string at which the
    call or access stands that failed (None when the failing value is not part of an expression).
    """

    def __init__(self, code: str, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.column = column


class UnresolvedError(TemplateError):
    """The surroundings can't tell a value: `what` names it, such as `reference('x')` before x exists."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not known here")
        self.what = what
