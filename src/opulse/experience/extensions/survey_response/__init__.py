"""The Survey Response extension: a workflow starts when a response is recorded or changed.

In: ``response.changed``. Out: a condition trace, and a run about the person who answered, where it is known who did.
"""
