"""The sidebar as data. One list, so that a new page is one line and no template changes."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NavItem:
    """One link. `key` names it (and its counter), `icon` is a name in the sprite, `roles` who sees it (empty: all)."""

    key: str
    label: str
    href: str
    icon: str
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NavSection:
    """Links under one heading. Without a heading they stand alone; `folded` ones are closed until they are needed."""

    heading: str
    items: tuple[NavItem, ...]
    folded: bool = False


_ADMIN = frozenset({"admin"})
_MAKERS = frozenset({"admin", "editor"})

NAVIGATION: tuple[NavSection, ...] = (
    NavSection(
        "",
        (
            NavItem("overview", "Overview", "/", "layout-dashboard"),
            NavItem("issues", "Current issues", "/issues", "alert-triangle"),
            NavItem("pulses", "Pulses", "/pulses", "target"),
            NavItem("activations", "Activations", "/activations", "bolt"),
            NavItem("systems", "Systems", "/systems", "device-laptop"),
            NavItem("users", "Users", "/users", "user"),
        ),
    ),
    NavSection(
        "Sensor Configuration",
        (
            NavItem("sensors", "Sensors", "/sensors", "activity-heartbeat"),
            NavItem("groups", "Groups", "/groups", "sitemap"),
            NavItem("notifications", "Notifications", "/notifications", "bell"),
            NavItem("recipients", "Recipients", "/recipients", "send"),
            NavItem("silences", "Silences", "/silences", "bell-off"),
            NavItem("deliveries", "Delivery log", "/deliveries", "list-details"),
        ),
    ),
    NavSection(
        "Ask",
        (
            NavItem("directory", "Directory", "/directory", "users"),
            NavItem("surveys", "Surveys", "/surveys", "clipboard-list"),
            NavItem("workflows", "Workflows", "/workflows", "git-branch"),
            NavItem("ask-now", "Ask now", "/ask-now", "message-circle", _MAKERS),
            NavItem("distributions", "Distributions", "/distributions", "mail-fast"),
            NavItem("results", "Results", "/results", "chart-bar"),
        ),
    ),
    NavSection(
        "Connect",
        (
            NavItem("sources", "Sources", "/sources", "plug"),
            NavItem("extensions", "Extensions", "/extensions", "plug-connected", _MAKERS),
            NavItem("qualtrics-ids", "Qualtrics IDs", "/qualtrics-ids", "id", _MAKERS),
        ),
    ),
    NavSection(
        "Administration",
        (
            NavItem("tenant", "Tenant Information", "/admin/tenant", "building", _ADMIN),
            NavItem("service-accounts", "Service Accounts", "/admin/service-accounts", "shield-lock", _ADMIN),
            NavItem("api-keys", "API keys", "/admin/api-keys", "key", _ADMIN),
            NavItem("people", "People", "/admin/people", "users-group", _ADMIN),
            NavItem("configuration", "Export and import", "/admin/configuration", "file-text", _ADMIN),
            NavItem("doctor", "Check the set-up", "/admin/doctor", "checks", _ADMIN),
            NavItem("audit", "Audit", "/admin/audit", "history", _ADMIN),
            NavItem("privacy", "Privacy", "/admin/privacy", "shield", _ADMIN),
            NavItem("sessions", "Sessions", "/admin/sessions", "device-desktop", _ADMIN),
        ),
        folded=True,
    ),
)


def sections_for(role: str, sections: tuple[NavSection, ...] = NAVIGATION) -> Iterator[NavSection]:
    """The sections with only the links that this role may open; a section that loses all of them goes."""
    for section in sections:
        items = tuple(item for item in section.items if not item.roles or role in item.roles)
        if items:
            yield NavSection(section.heading, items, section.folded)


def current_key(path: str, sections: tuple[NavSection, ...] = NAVIGATION) -> str:
    """The key of the link that `path` lies under (the longest one wins), or an empty string."""
    candidates = [item for section in sections for item in section.items if _lies_under(path, item.href)]
    return max(candidates, key=lambda item: len(item.href)).key if candidates else ""


def _lies_under(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href + "/"))
