"""`python -m armature.errors` prints docs/errors.md."""

from armature.errors.page import errors_page

print(errors_page(), end="")  # noqa: T201  (the page is this command's output)
