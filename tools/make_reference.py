"""Write the tables of docs/reference from the code, so that they cannot say anything else.

``.venv/bin/python -m tools.make_reference`` rewrites every part between ``<!-- made: NAME -->`` and ``<!-- end -->``; the prose
around them is written by hand and stays. ``tests/docs/test_reference.py`` fails while a page differs from what this would write.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin

import typer
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from opulse.bootstrap.app import health
from opulse.bootstrap.stages import load_extensions, routers_of
from opulse.cli.main import app as command
from opulse.monitoring.sources.registry import ADAPTERS
from opulse.observe.metrics import list_metrics
from opulse.outbound.retry import SCHEDULE
from opulse.pulses.doctor.rules.cards import CARDS
from opulse.settings import PREFIX, SECRETS, Settings
from opulse.templating.variables import NOTIFICATION_VARIABLES, VariableKind
from opulse.web.access import Needs, Open
from opulse.web.roles import Role
from opulse.wire.webhook import DEFAULT_BODY, OPERATIONAL_PULSE_BODY
from tests.clients.table import Client, clients
from tools.reference_clients import rows as client_rows
from tools.reference_clients import tally, untouched
from tools.reference_states import STATES, states_of

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs/reference"
JSON_PATHS = ("/api/", "/API/", "/oauth2/", "/scim/", "/oauth/", "/inbound-event/", "/{cloud}/")
PART = re.compile(r"(?P<begin><!-- made: (?P<name>[\w. ]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
SPECIFICATION = re.compile(r"\s*\((?:systrack|qualtrics-\w+|spine|integration-guide)\.md[^)]*\)")
KIND_WORDS = {
    VariableKind.TEXT: "text; write it between quotes",
    VariableKind.QUOTED_LIST: "quoted names with commas; write it between `[` and `]`",
    VariableKind.JOINED_LIST: "names with commas; write it between quotes",
    VariableKind.NUMBER: "a number; write it bare",
    VariableKind.BOOLEAN: "`true` or `false`; write it bare",
}
WHO = {
    Role.ADMIN: "administrator",
    Role.EDITOR: "editor",
    Role.VIEWER: "viewer",
    Role.INTEGRATION: "integration key",
    Role.GATEWAY: "gateway key",
    Role.AGENT: "agent key",
    Role.SYSTEMS: "affected-systems key or token",
}


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(_cell(one) for one in row)} |" for row in rows)]) + "\n"


def _cell(text: str) -> str:
    return SPECIFICATION.sub("", " ".join(text.split())).replace("|", "\\|").replace("``", "`")


# settings


def settings() -> str:
    return table(["Option", "Default", "What it is"], _options())


def _options() -> Iterator[tuple[str, str, str]]:
    for name, field in Settings.model_fields.items():
        variable = f"{PREFIX}{name.upper()}"
        also = f"<br>or `{variable}_FILE`" if name in SECRETS else ""
        choices = get_args(field.annotation) if get_origin(field.annotation) is not None else ()
        words = [one for one in choices if isinstance(one, str)]
        text = (
            f"{field.description} One of {', '.join(f'`{one}`' for one in words)}."
            if words
            else str(field.description)
        )
        yield f"`{variable}`{also}", _default(field.default), text


def _default(value: object) -> str:
    shown = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    if isinstance(shown, bool):
        return f"`{str(shown).lower()}`"
    if isinstance(shown, tuple):
        shown = ",".join(map(str, shown))
    return f"`{shown}`" if shown not in ("", None) else "empty"


# command


def verbs() -> str:
    group = typer.main.get_command(command)
    return "\n".join(_verb("opulse", group))


def _verb(name: str, verb: Any) -> Iterator[str]:
    inner: Mapping[str, Any] = getattr(verb, "commands", {})
    params = list(verb.params)
    if name != "opulse":
        yield f"## {name}\n\n{_cell(verb.help)}\n"
        if params:
            yield table(["Option", "Default", "What it is"], (_param(one) for one in params))
    for word in sorted(inner):
        yield from _verb(f"{name} {word}", inner[word])


def _param(param: Any) -> tuple[str, str, str]:
    is_argument = param.param_type_name == "argument"
    names = [param.name.upper()] if is_argument else [*param.opts, *param.secondary_opts]
    default = "required" if param.required else _default(param.default).replace(str(Path.home()), "~")
    also = f" Or the variable `{param.envvar}`." if param.envvar else ""
    prompt = getattr(param, "prompt", None)
    asked = f"{prompt}; asked for when it is not given." if prompt else ""
    return " ".join(f"`{one}`" for one in names), default, f"{param.help or ''}{asked}{also}".strip()


# JSON routes


def routes() -> str:
    parts: dict[str, list[tuple[str, str, str]]] = {}
    for tag, row in _routes():
        parts.setdefault(tag, []).append(row)
    return "\n".join(
        f"## {tag[0].upper()}{tag[1:]}\n\n{table(['Route', 'Who', 'What it does'], iter(rows))}"
        for tag, rows in parts.items()
    )


def application() -> FastAPI:
    """The routes of both wings, without an installation behind them."""
    load_extensions()
    app = FastAPI(openapi_url=None)
    app.include_router(health)
    for router in routers_of("all"):
        app.include_router(router)
    return app


def _routes() -> Iterator[tuple[str, tuple[str, str, str]]]:
    for found in iter_route_contexts(application().routes):
        route, path = found.original_route, found.path or ""
        if not isinstance(route, APIRoute) or not (path.startswith(JSON_PATHS) or "health" in route.tags):
            continue
        named = f"{', '.join(sorted(found.methods or ()))} {path}"
        asked = ", ".join(one.alias for one in found.dependant.query_params)
        body = ", ".join(_fields(route))
        words = _cell((route.endpoint.__doc__ or f"{_words(route)}.").split("\n\n")[0])
        words += f"<br>Query: {asked}." if asked else ""
        words += f"<br>Body: {body}." if body else ""
        yield str(route.tags[0]), (f"`{named}`", _who(found.dependant), words)


def _words(route: APIRoute) -> str:
    text = str(route.operation_id).replace("_", " ")
    return text[0].upper() + text[1:]


def _fields(route: APIRoute) -> list[str]:
    if route.body_field is None:
        return []
    model = route.body_field.field_info.annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _who(dependant: Dependant) -> str:
    (guard,) = _guards(dependant)
    if isinstance(guard, Open):
        return f"open: {guard.reason}"
    return ", ".join(WHO[role] for role in guard.roles)


def _guards(dependant: Dependant) -> Iterator[Needs | Open]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, (Needs, Open)):
            yield inner.call
        yield from _guards(inner)


# webhook


def variables() -> str:
    return table(
        ["Variable", "Becomes"],
        ((f"`@{{{name}}}`", KIND_WORDS[kind]) for name, kind in NOTIFICATION_VARIABLES.items()),
    )


def schedule() -> str:
    return f"Waits before the attempts, in seconds: {', '.join(f'{one:g}' for one in SCHEDULE)}.\n"


def metrics() -> str:
    rows = (
        (f"`{one.name}`", one.kind, ", ".join(f"`{label}`" for label in one.labels), f"{one.help}.")
        for one in list_metrics()
    )
    return table(["Metric", "Kind", "Labels", "What it is"], rows)


def source_settings(kind: str) -> str:
    fields = next(one for one in ADAPTERS.values() if one.kind == kind).settings.model_fields
    rows = (
        (f"`{name}`", _default(field.default), f"{field.title}. {field.description or ''}")
        for name, field in fields.items()
    )
    return table(["Setting", "Default", "What it is"], rows)


def client_tally() -> str:
    head = ["Client", "Version", "From", "Methods", "Mapped", "Working", "Not mapped"]
    return table(head, tally())


def client_methods(client: Client) -> str:
    return f"{client.about}\n\n{table(['Method', 'Sends', 'How it stands'], client_rows(client))}"


def client_untouched() -> str:
    return table(["Route that no client asks for"], untouched(application()))


def _json(body: str) -> str:
    return f"```\n{body}\n```\n"


def parts() -> Mapping[str, Callable[[], str]]:
    """Name of a part → what writes it."""
    made: dict[str, Callable[[], str]] = {
        "settings": settings,
        "verbs": verbs,
        "routes": routes,
        "variables": variables,
        "schedule": schedule,
        "metrics": metrics,
        "findings": findings,
        "guide body": lambda: _json(OPERATIONAL_PULSE_BODY),
        "default body": lambda: _json(DEFAULT_BODY),
    }
    made |= {"client tally": client_tally, "client untouched": client_untouched}
    made |= {f"client {one.stem}": partial(client_methods, one) for one in clients()}
    made |= {f"source settings {kind}": partial(source_settings, kind) for kind in ADAPTERS}
    return made | {name: partial(meanings, name) for name in STATES}


def findings() -> str:
    """Everything the doctor can find, and how a user makes it."""
    rows = (
        [f"`{kind.value}`", card.severity.value, card.plant, card.why, card.mend]
        for kind, card in CARDS.items()
    )
    return table(["Finding", "Severity", "How it comes about", "Why it matters", "What mends it"], rows)


def meanings(name: str) -> str:
    return table(["Word", "What it means"], states_of(name))


def renewed(text: str) -> str:
    """``text`` with every made part written anew."""
    made = parts()
    return PART.sub(lambda found: f"{found['begin']}\n{made[found['name']]()}\n{found['end']}", text)


def main() -> None:
    for page in sorted(PAGES.glob("*.md")):
        before = page.read_text(encoding="utf-8")
        after = renewed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{page.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
