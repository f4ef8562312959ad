"""The console's pages of silences, maintenance windows and causes."""

from fastapi import APIRouter

from opulse.monitoring.silences.pages import causes, silences, windows
from opulse.web.joining import join

router = APIRouter()
join(router, causes.router)
join(router, windows.router)
join(router, silences.router)
