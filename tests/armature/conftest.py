"""Property tests of the domain: as many examples as are asked for, however slow the machine is."""

from hypothesis import settings

settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
