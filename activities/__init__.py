"""Durable activities: every touch of the world, one module per phase, each harmless when it runs twice."""
