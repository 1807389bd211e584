"""Faults on command: rules in one file of the state folder, which every service of the emulator watches and obeys."""
