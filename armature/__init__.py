"""Armature: the deployment orchestrator for linked Azure Resource Manager templates."""
