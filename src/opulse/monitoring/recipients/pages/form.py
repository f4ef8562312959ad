"""*Add New Recipient* as a form: works without script, and never sends a stored secret back to the browser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from opulse.monitoring.recipients.flow.secrets import new_secret
from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    Channel,
    Header,
    Recipient,
    RecipientDraft,
    RecipientRefused,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.wire.webhook import DEFAULT_BODY

_FIELD_IDS = {
    "authentication.username": "username",
    "authentication.password": "password",
    "authentication.secret": "secret",
}
"""Where a problem's field stands on the page, when it is not called the same."""


@dataclass(frozen=True)
class HeaderLine:
    """One header of the form. ``kept``: a sensitive value is stored and stays unless a new one is typed."""

    name: str = ""
    value: str = ""
    sensitive: bool = False
    kept: bool = False


@dataclass(frozen=True)
class RecipientForm:
    """Every field as text."""

    recipient_type: str = RecipientType.SYSTEM.value
    name: str = ""
    channel: str = Channel.WEBHOOK.value
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    url: str = ""
    method: str = RequestMethod.POST.value
    authentication: str = AuthenticationType.OFF.value
    username: str = ""
    password: str = ""
    secret: str = ""
    headers: tuple[HeaderLine, ...] = ()
    body: str = DEFAULT_BODY
    tell_end: bool = False

    def draft(self) -> RecipientDraft:
        """As the flow takes it. Raises ``ValueError`` for a choice that the page does not offer."""
        channel = Channel(self.channel)
        return RecipientDraft(
            recipient_type=RecipientType(self.recipient_type),
            name=self.name,
            channel=channel,
            email=self.email if channel is Channel.EMAIL else "",
            first_name=self.first_name,
            last_name=self.last_name,
            webhook=self._webhook() if channel is Channel.WEBHOOK else None,
            tell_end=self.tell_end,
        )

    def pressed(self, button: str) -> RecipientForm:
        """The form after one of its buttons; an unknown one changes nothing."""
        verb, _, what = button.partition(":")
        match verb:
            case "add-header":
                return replace(self, headers=(*self.headers, HeaderLine()))
            case "remove-header" if what.isdigit():
                place = int(what)
                kept = (line for at, line in enumerate(self.headers) if at != place)
                return replace(self, headers=tuple(kept))
            case "generate":
                return replace(self, secret=new_secret(), authentication=AuthenticationType.SIGNED.value)
            case _:
                return self

    def _webhook(self) -> Webhook:
        proof = AuthenticationType(self.authentication)
        return Webhook(
            url=self.url,
            method=RequestMethod(self.method),
            authentication=Authentication(proof, self.username, self.password or None, self.secret or None),
            headers=tuple(
                Header(line.name, line.value or (None if line.sensitive else ""), line.sensitive)
                for line in self.headers
                if line.name or line.value
            ),
            body=self.body,
        )


def read_form(sent: FormData) -> RecipientForm:
    """What the browser sent. The lists of headers run in parallel; ``sensitive`` names the places that are ticked."""
    names, values = _texts(sent, "header_name"), _texts(sent, "header_value")
    ticked, kept = set(_texts(sent, "sensitive")), set(_texts(sent, "kept"))
    lines = (
        HeaderLine(name, value, str(place) in ticked, str(place) in kept)
        for place, (name, value) in enumerate(zip(names, values, strict=False))
    )
    return RecipientForm(
        recipient_type=_text(sent, "recipient_type"),
        name=_text(sent, "name"),
        channel=_text(sent, "connection"),
        email=_text(sent, "email"),
        first_name=_text(sent, "first_name"),
        last_name=_text(sent, "last_name"),
        url=_text(sent, "url"),
        method=_text(sent, "method"),
        authentication=_text(sent, "authentication"),
        username=_text(sent, "username"),
        password=_text(sent, "password"),
        secret=_text(sent, "secret"),
        headers=tuple(lines),
        # A browser sends every line break as CR LF; the guide's body has LF, and is sent byte for byte.
        body=str(sent.get("body", "")).replace("\r\n", "\n"),
        tell_end="tell_end" in sent,
    )


def form_of(recipient: Recipient) -> RecipientForm:
    """A saved recipient, to be edited; its secrets are not in it."""
    form = RecipientForm(
        recipient_type=recipient.recipient_type.value,
        name=recipient.name,
        channel=recipient.channel.value,
        email=recipient.email,
        first_name=recipient.first_name,
        last_name=recipient.last_name,
        tell_end=recipient.tell_end,
    )
    webhook = recipient.webhook
    if webhook is None:
        return form
    return replace(
        form,
        url=webhook.url,
        method=webhook.method.value,
        authentication=webhook.authentication.type.value,
        username=webhook.authentication.username,
        headers=tuple(
            HeaderLine(header.name, header.value or "", header.sensitive, header.sensitive)
            for header in webhook.headers
        ),
        body=webhook.body,
    )


def errors_of(refused: RecipientRefused) -> dict[str, str]:
    """Id of the field → sentence; the first problem of a field stands for it."""
    errors: dict[str, str] = {}
    for problem in refused.problems:
        errors.setdefault(_FIELD_IDS.get(problem.field, problem.field), problem.text)
    return errors


def _text(sent: FormData, name: str) -> str:
    return next(iter(_texts(sent, name)), "")


def _texts(sent: FormData, name: str) -> list[str]:
    values: Iterable[object] = sent.getlist(name)
    return [value.strip() for value in values if isinstance(value, str)]
