"""Fetch, take a page, follow the waves."""
