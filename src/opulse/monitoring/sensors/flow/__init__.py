"""Use cases of the stage: taking batches, following the journal, keeping the catalogue, configuring agents."""
