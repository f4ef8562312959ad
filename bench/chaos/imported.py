"""Imported by the fork server before it forks: everything that ``opulse serve`` would import when it starts."""

from __future__ import annotations

from opulse.bootstrap.stages import handlers_of, import_stores, load_extensions, routers_of

load_extensions()
import_stores()
ROUTERS = list(routers_of("all"))
HANDLERS = handlers_of("all")
