"""Development only: a small cloud (Functions host, ARM, identity, Azurite) that the app runs against."""
