"""Reads across the stages of the wing, about one contact."""
