"""Durable Functions as the host sees them: histories, replay, persistence, dispatch, the HTTP API."""
