"""Use cases of the stage: saving, assigning, testing a webhook."""
