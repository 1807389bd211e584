"""Azure Resource Manager for development: resource groups, deployments, operations and resources over TLS.

The rooms: `routes` answer HTTP, `engine` expands templates, `behaviours` know what each resource type does,
`lifecycle` runs them, `operations` ends what providers work on, `state` holds what exists and writes it to a file,
`errors` words the refusals.
"""
