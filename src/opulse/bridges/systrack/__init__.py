"""The client of SysTrack Cloud: token or key, affected systems, users of a system, lists of sensors and groups.

Comes in: where to ask and as whom. Goes out: pages of systems with their users, however the server writes them; or why not
(:class:`FetchRefused`), or the wish to be asked again later (:class:`ComeAgain`, a ``JobRetry``). Announces no jobs.
"""

from opulse.bridges.systrack.affected import Bookmarks, read_pages
from opulse.bridges.systrack.lists import read_groups, read_sensors
from opulse.bridges.systrack.models import FIRST_PAGE, Fetched, FetchRefused, Named, Source
from opulse.bridges.systrack.sending import ComeAgain
from opulse.bridges.systrack.tokens import TokenKeeper

__all__ = [
    "FIRST_PAGE",
    "Bookmarks",
    "ComeAgain",
    "FetchRefused",
    "Fetched",
    "Named",
    "Source",
    "TokenKeeper",
    "read_groups",
    "read_pages",
    "read_sensors",
]
