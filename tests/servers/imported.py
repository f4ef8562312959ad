"""Imported by the fork server before it forks: everything that ``opulse serve`` would import when it starts."""

from __future__ import annotations

import opulse.bootstrap.installation
from opulse.bootstrap.stages import (
    expresses,
    front_routes,
    handlers_of,
    import_stores,
    load_extensions,
    routers_of,
)

load_extensions()
import_stores()
ROUTERS = list(routers_of("all"))
FRONT = list(front_routes("all"))
EXPRESSES = list(expresses("all"))
HANDLERS = handlers_of("all")
INSTALLATION = opulse.bootstrap.installation
