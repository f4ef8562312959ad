"""Which stages there are, and what each offers: routes, pages, jobs, templates. A stage is found by its rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from fastapi import APIRouter
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from opulse.experience import extensions
from opulse.experience.workflows.registry import Extension, register
from opulse.jobs import Handler
from opulse.monitoring.sources.registry import load_adapters
from opulse.web.at_once import AnswersAtOnce

MONITORING = (
    "opulse.monitoring.systems",
    "opulse.monitoring.sensors",
    "opulse.monitoring.recipients",
    "opulse.monitoring.maintenance",
    "opulse.monitoring.notifications",
    "opulse.monitoring.activations",
    "opulse.monitoring.silences",
    "opulse.monitoring.deliveries",
    "opulse.monitoring.sources",
)
EXPERIENCE = (
    "opulse.experience.directory",
    "opulse.experience.subscriptions",
    "opulse.experience.surveys.qsf",  # before the surveys: /surveys/import is none of their ids
    "opulse.experience.surveys",
    "opulse.experience.workflows",
    "opulse.experience.distributions",
    "opulse.experience.responses",
    "opulse.experience.prompts",
    "opulse.experience.audiences",
    "opulse.experience.impact",
    "opulse.experience.footprint",
    "opulse.experience.privacy",
    "opulse.experience.api_v3",
)
SHARED = ("opulse.tenancy",)
ACROSS = (
    "opulse.pulses.ledger",
    "opulse.pulses.replay",
    "opulse.pulses.configuration",
    "opulse.pulses.doctor",
    "opulse.pulses.bound",
    "opulse.pulses.names",
    "opulse.console.journey",
    "opulse.console.configuration",
    "opulse.console",
)
EXTENSION_GROUP = "opulse.extensions"


def stages_of(wing: str) -> tuple[str, ...]:
    """The packages that a process serves, upstream first. ``wing``: all, monitoring, experience."""
    extension_stages = tuple(f"{extensions.__name__}.{name}" for name in extension_names())
    wings = {
        "monitoring": MONITORING,
        "experience": (*EXPERIENCE, *extension_stages),
        "all": (*MONITORING, *EXPERIENCE, *extension_stages),
    }
    return (*SHARED, *wings[wing], *ACROSS)


def extension_names() -> list[str]:
    """The folders of the extensions that ship with the product."""
    return sorted(module.name for module in iter_modules(extensions.__path__))


def load_extensions() -> None:
    """Register our own extensions, and the extensions and sources that installed packages offer. Safe to call again."""
    load_adapters()
    for name in extension_names():
        register(import_module(f"{extensions.__name__}.{name}.extension").EXTENSION)
    for point in entry_points(group=EXTENSION_GROUP):
        offered: Extension = point.load()
        register(offered)


def routers_of(wing: str) -> Iterator[APIRouter]:
    """JSON routes first, then pages, stage by stage."""
    for room in ("api", "pages"):
        for stage in stages_of(wing):
            module = _room(stage, room)
            if module is not None and hasattr(module, "FRONT"):  # what stands there is in front already
                yield from getattr(module, "BEHIND", ())
            elif module is not None and hasattr(module, "router"):
                yield module.router


def front_routes(wing: str) -> Iterator[BaseRoute]:
    """Routes that are tried before all others, because many open them at once: what a stage's pages name in ``FRONT``.

    They are the application's own routes; a router inside a router is searched twice per level and request.
    """
    for stage in stages_of(wing):
        for router in getattr(_room(stage, "pages"), "FRONT", ()):
            yield from router.routes


def at_once(wing: str) -> dict[str, type[AnswersAtOnce]]:
    """First segment of a path (``/s/``) → what a stage's pages name in ``AT_ONCE`` to answer it."""
    found: dict[str, type[AnswersAtOnce]] = {}
    for stage in stages_of(wing):
        found |= getattr(_room(stage, "pages"), "AT_ONCE", {})
    return found


def expresses(wing: str) -> Iterator[Callable[[Starlette, ASGIApp], ASGIApp]]:
    """What makes the routes before the frame: a stage's ``api`` names it ``make_express``."""
    for stage in stages_of(wing):
        make = getattr(_room(stage, "api"), "make_express", None)
        if make is not None:
            yield make


def handlers_of(wing: str) -> Mapping[str, Handler]:
    """Job kind → handler, of every stage of the wing.

    Raises:
        ValueError: two stages handle the same kind.
    """
    handlers: dict[str, Handler] = {}
    for stage in stages_of(wing):
        module = _room(stage, "jobs")
        for kind, handler in (getattr(module, "HANDLERS", {}) if module else {}).items():
            if kind in handlers:
                raise ValueError(f"two stages handle {kind!r}")
            handlers[kind] = handler
    return handlers


def template_folders(wing: str) -> dict[str, Path]:
    """Prefix (the stage's own name) → its templates."""
    folders = {}
    for stage in stages_of(wing):
        found = _spec(stage)
        for place in found or ():
            folder = Path(place) / "templates"
            if folder.is_dir():
                folders[stage.rpartition(".")[2]] = folder
    return folders


def import_stores(wing: str = "all") -> None:
    """Import every module that hangs tables on the metadata."""
    for table in ("opulse.jobs.table", "opulse.jobs.leases", "opulse.mail.store"):
        import_module(table)
    for stage in stages_of(wing):
        if _spec(stage) is None:
            continue
        import_module(stage)
        for room in ("store", "views"):
            module = _room(stage, room)
            for inner in iter_modules(getattr(module, "__path__", ())) if module else ():
                import_module(f"{stage}.{room}.{inner.name}")


@cache
def _spec(stage: str) -> list[str] | None:
    try:
        spec = find_spec(stage)
    except ModuleNotFoundError:
        return None
    return None if spec is None else list(spec.submodule_search_locations or [])


@cache
def _room(stage: str, room: str) -> ModuleType | None:
    name = f"{stage}.{room}"
    try:
        found = find_spec(name)
    except ModuleNotFoundError:
        return None
    return None if found is None else import_module(name)
