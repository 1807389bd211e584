"""Durable orchestrators: decisions only, deterministic, no I/O. Each reads like the process that it runs."""
