"""What every route of the API v3 has in common: path, guard, limits, body, envelope, paging.

A route is declared so; the class of its answer is a ``TypedDict``, so that the type checker holds the exact field set::

    router = V3Router()

    class Listed(TypedDict):
        id: str
        name: str

    @router.get("/things", operation_id="v3_list_things")
    async def list_things(desk: DeskDep, page: PageDep, caller: Annotated[Caller, Depends(reads("things"))]) -> Response:
        ...
        return desk.page(elements, next_page)
"""

from opulse.experience.api_v3.api.edge.desk import Desk, DeskDep, refuse
from opulse.experience.api_v3.api.edge.guard import administers, manages, oversees, reads
from opulse.experience.api_v3.api.edge.ids import IdPath, check_id
from opulse.experience.api_v3.api.edge.paging import Page, PageDep
from opulse.experience.api_v3.api.edge.paths import OneForm
from opulse.experience.api_v3.api.edge.route import V3Router

__all__ = [
    "Desk",
    "DeskDep",
    "IdPath",
    "OneForm",
    "Page",
    "PageDep",
    "V3Router",
    "administers",
    "check_id",
    "manages",
    "oversees",
    "reads",
    "refuse",
]
