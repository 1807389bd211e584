"""From a template to resources: read the request, fetch links, expand, order, run, tell."""
