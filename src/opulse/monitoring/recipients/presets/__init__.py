"""Ready bodies for the tools that people have: one YAML file each, which says what its receiver wants beside the body.

A file holds no secret: what is secret is named with an empty value, which a person types on the form.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
import yaml

from opulse.monitoring.recipients.models import (
    AuthenticationType,
    BodyTemplate,
    BodyValue,
    Header,
    RequestMethod,
)
from opulse.wire.webhook import DEFAULT_BODY, OPERATIONAL_PULSE_BODY

__all__ = ["find_template", "load_templates", "read_template"]


class _Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    value: str = ""
    sensitive: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    help: str
    body: str
    end_body: str = ""
    method: RequestMethod = RequestMethod.POST
    authentication: AuthenticationType = AuthenticationType.OFF
    url_sensitive: bool = False
    tell_end: bool = False
    headers: list[_Named] = []
    values: list[_Named] = []


_GUIDE = BodyTemplate(
    name="operational_pulse",
    title="Operational Pulse (the integration guide's body)",
    help="The short body that the guide tells you to paste. For an authenticated JSON event add the header X-API-TOKEN.",
    method=RequestMethod.POST,
    authentication=AuthenticationType.OFF,
    url_sensitive=False,
    headers=(),
    values=(),
    body=OPERATIONAL_PULSE_BODY,
    end_body="",
    tell_end=False,
)
_DEFAULT = BodyTemplate(
    name="default",
    title="Every variable (the default)",
    help="What a new webhook begins with: each variable of a sensor notification once.",
    method=RequestMethod.POST,
    authentication=AuthenticationType.OFF,
    url_sensitive=False,
    headers=(),
    values=(),
    body=DEFAULT_BODY,
    end_body="",
    tell_end=False,
)


@cache
def load_templates() -> tuple[BodyTemplate, ...]:
    """The two of the product, then the files that this package carries, by title; read once per process."""
    files = (file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml"))
    return (_DEFAULT, _GUIDE, *sorted(map(read_template, files), key=lambda found: found.title.casefold()))


def find_template(name: str) -> BodyTemplate | None:
    """None: there is none of that name."""
    return next((template for template in load_templates() if template.name == name), None)


def read_template(file: Traversable) -> BodyTemplate:
    """One file.

    Raises:
        msgspec.ValidationError: it is not written as these files are.
    """
    found = msgspec.convert(yaml.safe_load(file.read_bytes()), _File)
    return BodyTemplate(
        name=file.name.removesuffix(".yaml"),
        title=found.title,
        help=found.help.strip(),
        method=found.method,
        authentication=found.authentication,
        url_sensitive=found.url_sensitive,
        headers=tuple(Header(one.name, one.value or None, one.sensitive) for one in found.headers),
        values=tuple(BodyValue(one.name, one.value or None, one.sensitive) for one in found.values),
        body=found.body.rstrip("\n"),
        end_body=found.end_body.rstrip("\n"),
        tell_end=found.tell_end,
    )
