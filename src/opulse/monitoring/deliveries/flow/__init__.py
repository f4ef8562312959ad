"""Use cases of the stage: telling the recipients, sending what waits, reading what happened."""
