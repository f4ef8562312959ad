"""Tests of what passes between the two wings, and between them and outsiders, over real sockets."""
