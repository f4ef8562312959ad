"""How a page is made: one Jinja2 environment, one frozen context per page, one frame around it.

A stage's `pages.py` builds its own frozen dataclass and answers `await page(request, "activations/show.html", context)`.
In the template the dataclass is `page`, the frame is `request`, and every macro of `macros.html` is in `ui`
(no import needed, also in a block that is rendered alone for htmx or a live stream).
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from opulse.ports import Ports
from opulse.web.access import Caller
from opulse.web.components import charts, formats, tones
from opulse.web.components.flashes import forget_flashes, read_flashes
from opulse.web.components.frame import FrameFacts, FrameSource, RequestContext, Viewer
from opulse.web.components.manifest import AssetManifest
from opulse.web.components.notes import Note, NotesSource

_log = logging.getLogger(__name__)
TEMPLATE_DIR = Path(__file__).resolve().parent / "templates"

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every page. No inline script and no inline style is needed; `data:` pictures are Tabler's form arrows."""

# Macros are compiled without a page's context, so the formats learn locale, zone and clock from here while one page is
# rendered. It is set and reset by `_rendering` alone.
_request: ContextVar[RequestContext] = ContextVar("opulse_request")


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders pages and parts of pages with one environment. `bootstrap` puts one on `app.state.pages`."""

    environment: Environment

    def render(self, request: RequestContext, template: str, context: object) -> str:
        """The whole page. `context` is the page's own frozen dataclass."""
        with _rendering(request):
            return self.environment.get_template(template).render(request=request, page=context)

    def render_block(self, request: RequestContext, template: str, block: str, context: object) -> str:
        """One `{% block %}` of a page alone: what htmx swaps and what a live stream sends."""
        found = self.environment.get_template(template)
        with _rendering(request):
            variables = found.new_context({"request": request, "page": context})
            return "".join(found.blocks[block](variables))


async def page(request: Request, template: str, context: object, status: int = 200) -> HTMLResponse:
    """The answer of a page route: frame, page, security headers. The caller is the one that the route's guard found."""
    pages: Pages = request.app.state.pages
    around = replace(await frame(request), notes=await _notes(request))
    response = HTMLResponse(pages.render(around, template, context), status, headers=PAGE_HEADERS)
    forget_flashes(request, response)
    return response


async def frame(request: Request) -> RequestContext:
    """What the frame shows for this request; also what a live stream passes to `Pages.render_block`."""
    source: FrameSource | None = getattr(request.app.state, "frame_source", None)
    caller = _caller_of(request)
    return _frame_of(request, await source.frame_facts(caller) if source and caller else FrameFacts())


async def _notes(request: Request) -> tuple[Note, ...]:
    """Never the reason why a page cannot be shown: what is wrong with an object is mended on this very page."""
    source: NotesSource | None = getattr(request.app.state, "notes_source", None)
    caller = _caller_of(request)
    if source is None or caller is None:
        return ()
    try:
        return await source.notes_at(caller, request.url.path)
    except Exception:
        _log.exception("no notes for %s", request.url.path)
        return ()


def _caller_of(request: Request) -> Caller | None:
    """The caller that the route's guard found; nobody on open routes."""
    return getattr(request.state, "caller", None)


def _frame_of(request: Request, facts: FrameFacts) -> RequestContext:
    ports: Ports = request.app.state.ports
    caller = _caller_of(request)
    return RequestContext(
        path=request.url.path,
        now=ports.clock.now(),
        locale=caller.locale
        if caller
        else formats.preferred_locale(request.headers.get("accept-language", "")),
        zone=facts.zone,
        viewer=Viewer(caller.name, facts.email, caller.role.value, facts.tenant) if caller else None,
        mail=facts.mail,
        counts=facts.counts,
        flashes=read_flashes(request),
        search=request.query_params.get("q", ""),
        more=facts.more,
    )


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """The context of `error.html`. `reference` finds the line in the log; empty when there is none."""

    title: str
    detail: str
    reference: str = ""


def show_error(request: Request, status: int, title: str, detail: str) -> HTMLResponse:
    """The page for an error (`app.state.show_error` of `web/errors.py`). It asks no database, which may be what failed."""
    pages: Pages = request.app.state.pages
    context = ErrorPage(title[:1].upper() + title[1:], detail, getattr(request.state, "request_id", ""))
    text = pages.render(_frame_of(request, FrameFacts()), "error.html", context)
    return HTMLResponse(text, status, headers=PAGE_HEADERS)


def make_environment(template_dirs: Mapping[str, Path], manifest: AssetManifest) -> Environment:
    """One environment for all pages.

    `template_dirs` maps a prefix to the `templates/` folder of a stage: `{"activations": …}` makes
    `activations/show.html` findable. The shared layouts have no prefix. Undefined names are errors, all output is escaped.
    """
    stages: dict[str, BaseLoader] = {prefix: FileSystemLoader(path) for prefix, path in template_dirs.items()}
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(TEMPLATE_DIR), PrefixLoader(stages)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    _install_assets(environment, manifest)
    _install_formats(environment)
    environment.globals["ui"] = environment.get_template("macros.html").module
    return environment


@contextmanager
def _rendering(request: RequestContext) -> Iterator[None]:
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def _install_assets(environment: Environment, manifest: AssetManifest) -> None:
    def icon(name: str, label: str = "", css: str = "") -> Markup:
        """An icon of the sprite. Without a label it is decoration and hidden from screen readers."""
        spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        drawing = Markup('<svg class="{}" {}><use href="{}"/></svg>')
        return drawing.format(f"icon {css}".rstrip(), spoken, manifest.icon_address(name))

    environment.globals.update(asset=manifest.address, icon=icon)


def _never_folded(word: Callable[..., object]) -> Callable[..., object]:
    """A filter that Jinja does not compute while it compiles: `1000|number` would stay in the first viewer's language."""

    @pass_context
    def of_this_page(_: Context, *given: object, **named: object) -> object:
        return word(*given, **named)

    return of_this_page


def _install_formats(environment: Environment) -> None:
    """Every format is a filter (`{{ page.count|number }}`) and a function (`number(page.count)`)."""
    now = _request.get
    words: dict[str, Callable[..., object]] = {
        "number": lambda value, digits=0: formats.format_number(now().locale, value, digits),
        "percent": lambda value, digits=0: formats.format_share(now().locale, value, digits),
        "datetime": lambda value: formats.format_moment(now().locale, now().zone, value),
        "day": lambda value: formats.format_day(now().locale, now().zone, value),
        "clock": lambda value: formats.format_clock(now().locale, now().zone, value),
        "ago": lambda value: formats.format_ago(now().locale, now().zone, now().now, value),
        "duration": lambda value: formats.format_span(now().locale, value),
        "tone_of": tones.tone_of,
        "words": tones.words_of,
        "initials": tones.initials_of,
    }
    environment.filters.update({name: _never_folded(word) for name, word in words.items()})
    environment.globals.update(words)
    environment.globals.update(
        spark_points=charts.spark_points, area_geometry=charts.area_chart, stacked_parts=charts.stacked_parts
    )
