"""What can go wrong in the host itself.

HostError
└── IndexingError   the app cannot be loaded: the host runs no function at all
"""


class HostError(Exception):
    """The host cannot do what it was asked to; the text says why."""


class IndexingError(HostError):
    """function_app.py cannot be imported, or its functions contradict one another."""
