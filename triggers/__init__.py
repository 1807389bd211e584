"""The edges of the app: HTTP, queue and timer. They parse, call and answer; the rules are elsewhere."""
