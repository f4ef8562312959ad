"""Rules of segments as SQL, and members that are set by them."""
