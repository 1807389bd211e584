"""Azure Policy, as far as it refuses writes: definitions, initiatives, assignments, exemptions, the `deny` effect."""
