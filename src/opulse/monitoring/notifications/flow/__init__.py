"""Use cases of the stage: saving, reading with names, previewing."""
