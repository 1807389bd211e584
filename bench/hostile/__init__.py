"""Hostile input: requests, bundles, queue messages, principals, approvals, endpoints, names and settings that are meant
to do harm, and what became of each.

    python -m bench.hostile

attack          what an attack is, and what is looked at once it is over
ground          the emulator that is attacked, as an attacker reaches it
guarded         another one, whose app knows its callers and asks for approval
lying_host      a host of bundles that does not keep its word
calls, bundles, messages, configuration, callers, approvals, endpoints, notices, display        the attacks

What is not real is said in the name of the attack: App Service in front of the app, and the resolver of names.
"""
