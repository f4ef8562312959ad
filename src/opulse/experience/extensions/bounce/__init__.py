"""The Bounce extension: a workflow starts when mail to contacts came back.

In: ``mail.bounced``. Out: condition traces, and one run for the contacts whose mails bounced at that moment.
"""
