"""The life of deployments: accepted into the history, run, cancelled, ended; one module for each part of it."""
