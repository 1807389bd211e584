"""The faults of Resource Manager: of its requests, and of what its deployments make."""
