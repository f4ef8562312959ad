"""Gather the facts, look outside, examine; and mend what a button can."""
