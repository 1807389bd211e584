"""The commands of `python -m emulator`, one module each: `add_to(commands)` registers it, its `run` does it."""
