"""Takes SAS signatures out of lines that a server writes about requests."""

import re

SIGNATURE = re.compile(rb"(?i)([?&;\s\"']|%26|%3f|^)(sig(?:=|%3d))[^&\s\"']+")
AUTHORIZATION = re.compile(rb"(?i)\b(bearer|sharedkey(?:lite)?)\s+[^\s\"']+")


def redact(line: bytes) -> bytes:
    """The line without the value of `sig` in a query string and without credentials of an Authorization header."""
    return AUTHORIZATION.sub(rb"\1 REDACTED", SIGNATURE.sub(rb"\1\2REDACTED", line))
