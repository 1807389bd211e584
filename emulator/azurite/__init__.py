"""Azurite, Microsoft's storage emulator, started as the emulator needs it: TLS, OAuth, accounts that come and go."""
