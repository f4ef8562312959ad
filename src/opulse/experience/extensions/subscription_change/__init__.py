"""The Subscription Change extension: a workflow starts when somebody opts out of a directory or a list, or in again.

In: ``contact.subscription_changed``. Out: a condition trace, and a run about that contact.
"""
