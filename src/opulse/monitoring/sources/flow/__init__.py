"""Use cases of the stage: keeping sources, taking what they receive, ending what nobody repeats, previews, imports."""
