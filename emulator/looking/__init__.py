"""Looking inside the emulated cloud: what there is, what was deployed, how far each deployment came."""
