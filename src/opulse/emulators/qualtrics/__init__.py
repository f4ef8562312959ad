"""A stand-in for Qualtrics: the part of its API v3 that a bridge uses, in memory, strict about what it takes.

Written from public descriptions of the product, apart from our own servers and clients, so that a mistake of theirs shows here.
In: HTTP at ``/oauth2/token`` and ``/API/v3``. Out: answers in its envelope, and what it holds under ``/_emulator/``.
"""

from opulse.emulators.qualtrics.brand import Brand
from opulse.emulators.qualtrics.product import QualtricsStandIn

__all__ = ["Brand", "QualtricsStandIn"]
