"""A stand-in for Qualtrics: the part of its API v3 that a bridge uses, in memory, strict about what it takes.

Written from public descriptions of the product, apart from our own servers and clients, so that a mistake of theirs shows here.
In: HTTP at ``/oauth2/token``, ``/API/v3`` and a workflow's JSON event. Out: answers in its envelope, callbacks to whoever
subscribed to responses, and what it holds under ``/_emulator/``. Who is asked answers as the options say; no mail leaves.
"""

from opulse.emulators.qualtrics.brand import Brand
from opulse.emulators.qualtrics.product import Options, QualtricsStandIn

__all__ = ["Brand", "Options", "QualtricsStandIn"]
