"""The Experience ID Change extension: a workflow starts when contact data changes.

In: ``contacts.changed``. Out: per workflow, a condition trace for every group of contacts, and one run for those that matched.
"""
