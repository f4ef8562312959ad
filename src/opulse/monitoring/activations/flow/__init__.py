"""Use cases of the stage: deciding, ending, answering who is affected."""
