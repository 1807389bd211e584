"""A Functions host for development: indexes a Python v2 app, runs its triggers and its durable orchestrations."""
