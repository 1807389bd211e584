"""Azure Resource Manager for development: resource groups, deployments, operations and resources over TLS.

The rooms: `routes` answer HTTP, `engine` makes resources of templates, `behaviours` know what each resource type does,
`state` holds what exists, `errors` words the refusals. Everything is in memory and dies with the process.
"""
