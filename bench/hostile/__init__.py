"""Hostile input: requests, bundles, queue messages, manifests and settings that are meant to do harm, and what became
of each.

    python -m bench.hostile

attack       what an attack is, and what is looked at once it is over
ground       the emulator that is attacked, as an attacker reaches it
requests_, principals, bundles, manifests, messages, networks, settings_       the attacks
"""
