"""Erasures and terms."""
