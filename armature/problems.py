"""What is wrong with a bundle: one problem, where it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a problem refuses the bundle or only warns."""

    ERROR = "error"
    WARNING = "warning"


class ProblemCode(StrEnum):
    """Every problem that validation reports; the registry that docs, command line and API share."""

    # The bundle itself
    BUNDLE_UNREADABLE = "BundleUnreadable"
    BUNDLE_TOO_LARGE = "BundleTooLarge"
    ENTRY_NAME_UNSAFE = "EntryNameUnsafe"
    ENTRY_DUPLICATE = "EntryDuplicate"
    ENTRY_ENCRYPTED = "EntryEncrypted"
    ENTRY_TOO_LARGE = "EntryTooLarge"
    ENTRY_RATIO = "EntryCompressionRatio"
    FILE_MISSING = "FileMissing"
    CHECKSUM_MISMATCH = "ChecksumMismatch"
    # The manifest
    MANIFEST_MISSING = "ManifestMissing"
    MANIFEST_SYNTAX = "ManifestSyntax"
    MANIFEST_FIELD = "ManifestField"
    MANIFEST_VERSION = "ManifestVersion"
    CLOUD_MISMATCH = "CloudMismatch"
    TARGET_INCOMPLETE = "TargetIncomplete"
    LINEAGE_MISMATCH = "LineageMismatch"
    # The graph and what flows through it
    NAME_DUPLICATE = "NameDuplicate"
    DEPENDENCY_UNKNOWN = "DependencyUnknown"
    DEPENDENCY_CYCLE = "DependencyCycle"
    OUTPUT_UNKNOWN = "OutputUnknown"
    OUTPUT_SECURE = "OutputSecure"
    PACKAGE_UNKNOWN = "PackageUnknown"
    PACKAGE_IDENTITY = "PackageIdentity"
    PARAMETER_MISSING = "ParameterMissing"
    PARAMETER_UNKNOWN = "ParameterUnknown"
    PARAMETER_TYPE = "ParameterType"
    PARAMETER_VALUE = "ParameterValue"
    PARAMETER_SECURE_LITERAL = "ParameterSecureLiteral"
    SCOPE_MISMATCH = "ScopeMismatch"
    REGION_UNKNOWN = "RegionUnknown"
    # Templates
    TEMPLATE_SYNTAX = "TemplateSyntax"
    TEMPLATE_SHAPE = "TemplateShape"
    TEMPLATE_TOO_LARGE = "TemplateTooLarge"
    TOO_MANY_PARAMETERS = "TooManyParameters"
    TOO_MANY_VARIABLES = "TooManyVariables"
    TOO_MANY_OUTPUTS = "TooManyOutputs"
    TOO_MANY_RESOURCES = "TooManyResources"
    EXPRESSION_SYNTAX = "ExpressionSyntax"
    EXPRESSION_TOO_LONG = "ExpressionTooLong"
    FUNCTION_UNKNOWN = "FunctionUnknown"
    FUNCTION_ARGUMENTS = "FunctionArguments"
    PARAMETER_UNDEFINED = "ParameterUndefined"
    VARIABLE_UNDEFINED = "VariableUndefined"
    LINKED_TEMPLATE_MISSING = "LinkedTemplateMissing"
    LINKED_TEMPLATE_FOREIGN = "LinkedTemplateForeign"
    ARTIFACTS_LOCATION_MIXED = "ArtifactsLocationMixed"
    TEMPLATE_NOT_INLINED = "TemplateNotInlined"
    STRATEGY_UNFIT = "StrategyUnfit"
    # Warnings
    PACKAGE_UNUSED = "PackageUnused"
    LITERAL_LOOKS_LIKE_EXPRESSION = "LiteralLooksLikeExpression"
    PLAIN_TEXT_SECRET = "PlainTextSecret"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `file` is relative to the bundle's root, `pointer` a JSON pointer (RFC 6901) into it, `line` and `column` 1-based
    positions in the file's text (None where the problem has no place, such as a missing file). `next_step` is a
    sentence that tells the author what to do. No part of it ever holds the value of a parameter.
    """

    code: ProblemCode
    message: str
    next_step: str
    file: str = ""
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        """True when the bundle is refused because of it."""
        return self.severity is Severity.ERROR

    @property
    def place(self) -> str:
        """`file:line:column`, as far as they are known."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part not in ("", None))

    def __str__(self) -> str:
        pointer = f" ({self.pointer})" if self.pointer else ""
        return f"{self.place}{pointer}: {self.code}: {self.message} {self.next_step}".removeprefix(": ").removeprefix(
            " "
        )
