"""What the frame around every page shows: who looks, where, what is on, what just happened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from opulse.web.access import Caller
from opulse.web.components import formats
from opulse.web.components.navigation import NAVIGATION, NavSection, current_key, sections_for
from opulse.web.components.notes import Note


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is signed in, as the frame shows it. `role` is a word of `access.Role`."""

    name: str
    email: str
    role: str
    tenant: str


@dataclass(frozen=True, slots=True)
class MailSwitch:
    """The tenant-wide mail switch in the top bar: `state` is `on`, `allow_list` or `paused`."""

    state: str
    href: str = "/admin/tenant"


@dataclass(frozen=True, slots=True)
class Flash:
    """One message above the page. `tone` is a tone of `components/tones.py`; `text` is plain and escaped."""

    text: str
    tone: str = "green"
    title: str = ""


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What the frame shows of the tenant and the person. `counts` are the sidebar's counters by navigation key; `more` are
    sections that this process alone has, such as a demo's."""

    tenant: str = ""
    email: str = ""
    zone: str = "UTC"
    mail: MailSwitch | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    more: tuple[NavSection, ...] = ()


class FrameSource(Protocol):
    """Where the facts come from. `bootstrap` joins it to tenancy and activations and puts it on `app.state.frame_source`."""

    async def frame_facts(self, caller: Caller) -> FrameFacts:
        """One cheap read per page."""
        ...


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What the frame needs of a request. `counts` are the sidebar's counters by key; `zone` is an IANA name."""

    path: str
    now: datetime
    locale: str = "en"
    zone: str = "UTC"
    viewer: Viewer | None = None
    mail: MailSwitch | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    flashes: tuple[Flash, ...] = ()
    search: str = ""
    more: tuple[NavSection, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def language(self) -> str:
        """The BCP 47 tag for the `lang` attribute."""
        return self.locale.replace("_", "-")

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, for the `dir` attribute."""
        return formats.direction_of(self.locale)

    @property
    def navigation(self) -> tuple[NavSection, ...]:
        """The sidebar for this viewer's role."""
        return tuple(sections_for(self.viewer.role if self.viewer else "", self._sections))

    @property
    def _sections(self) -> tuple[NavSection, ...]:
        return (*NAVIGATION[:1], *self.more, *NAVIGATION[1:])

    @property
    def current(self) -> str:
        """The key of the sidebar's link that this page lies under."""
        return current_key(self.path, self._sections)
