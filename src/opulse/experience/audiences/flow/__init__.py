"""Use cases of audiences: segments and samples."""
