"""The Operational Pulse extension: *Update Contact Metadata*.

In: a systems URL and sensor names from the event. It signs in at the Token URL, reads the affected systems page by page, finds
their users' contacts and writes ``lastAlarm`` on them. Out: a reach row for every affected system, one change set per page.
Announces ``pulse.wave_due`` {run, task} while the activation is open.
"""
