"""The `armature` command: a person's, or a pipeline's, way to the API."""
