"""Every number that the README gives: our parts beside their peers, in one run, on this machine. `make bench` runs it."""
