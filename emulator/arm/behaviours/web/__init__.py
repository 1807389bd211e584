"""Web: plans, sites and their slots, settings, the packages that they run from, and what their functions host tells."""

from emulator.arm.behaviours.web import config, extensions, functions, plans, sites
from emulator.arm.behaviours.web.sites import name_availability

_MODULES = (plans, sites, config, functions, extensions)
BEHAVIOURS = {kind: behaviour for module in _MODULES for kind, behaviour in module.BEHAVIOURS.items()}

__all__ = ["BEHAVIOURS", "name_availability"]
