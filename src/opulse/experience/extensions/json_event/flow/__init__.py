"""Taking an event: who may send, how many are admitted, the run that it starts."""
