"""Databases: SQL servers and Cosmos DB accounts."""

from emulator.arm.behaviours.databases import cosmos, sql
from emulator.arm.behaviours.databases.sql import name_availability

BEHAVIOURS = sql.BEHAVIOURS | cosmos.BEHAVIOURS

__all__ = ["BEHAVIOURS", "name_availability"]
