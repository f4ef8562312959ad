"""*Add New Recipient* as a form: works without script, and never sends a stored secret back to the browser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from opulse.monitoring.recipients.flow.secrets import new_secret
from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    BodyValue,
    Channel,
    Header,
    Recipient,
    RecipientDraft,
    RecipientRefused,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.monitoring.recipients.presets import find_template
from opulse.wire.webhook import DEFAULT_BODY

_FIELD_IDS = {
    "authentication.username": "username",
    "authentication.password": "password",
    "authentication.secret": "secret",
}
"""Where a problem's field stands on the page, when it is not called the same."""


@dataclass(frozen=True)
class NamedLine:
    """One header or value of the form. ``kept``: a sensitive one is stored and stays unless a new one is typed."""

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
    url_sensitive: bool = False
    url_kept: str = ""  # what is shown of the sensitive address that is stored; empty: none is
    headers: tuple[NamedLine, ...] = ()
    values: tuple[NamedLine, ...] = ()
    template: str = ""
    body: str = DEFAULT_BODY
    end_body: str = ""
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
                return replace(self, headers=(*self.headers, NamedLine()))
            case "remove-header":
                return replace(self, headers=_without(self.headers, what))
            case "add-value":
                return replace(self, values=(*self.values, NamedLine(sensitive=True)))
            case "remove-value":
                return replace(self, values=_without(self.values, what))
            case "insert":
                return replace(self, body=f"{self.body}@{{{what}}}")
            case "fill":
                return self._filled()
            case "generate":
                return self._with_new_secret()
            case _:
                return self

    def _filled(self) -> RecipientForm:
        """What the chosen template says; what a person typed under the same name stays."""
        found = find_template(self.template)
        if found is None:
            return self
        return replace(
            self,
            method=found.method.value,
            authentication=found.authentication.value,
            url_sensitive=found.url_sensitive,
            headers=_merged(self.headers, found.headers),
            values=_merged(self.values, found.values),
            body=found.body,
            end_body=found.end_body,
            tell_end=found.tell_end,
        )

    def _with_new_secret(self) -> RecipientForm:
        chosen = AuthenticationType(self.authentication)
        kind = chosen if chosen.signs else AuthenticationType.SIGNED
        return replace(self, secret=new_secret(kind), authentication=kind.value)

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
            end_body=self.end_body,
            values=tuple(
                BodyValue(line.name, line.value or None, line.sensitive)
                for line in self.values
                if line.name or line.value
            ),
            url_sensitive=self.url_sensitive,
        )


def read_form(sent: FormData) -> RecipientForm:
    """What the browser sent."""
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
        url_sensitive="url_sensitive" in sent,
        headers=_lines(sent, "header_name", "header_value", "sensitive", "kept"),
        values=_lines(sent, "value_name", "value_value", "value_sensitive", "value_kept"),
        template=_text(sent, "template"),
        body=_body(sent, "body"),
        end_body=_body(sent, "end_body"),
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
        url_sensitive=webhook.url_sensitive,
        url_kept=webhook.url_shown if webhook.url_sensitive else "",
        method=webhook.method.value,
        authentication=webhook.authentication.type.value,
        username=webhook.authentication.username,
        headers=tuple(
            NamedLine(header.name, header.value or "", header.sensitive, header.sensitive)
            for header in webhook.headers
        ),
        values=tuple(
            NamedLine(value.name, value.value or "", value.sensitive, value.sensitive)
            for value in webhook.values
        ),
        body=webhook.body,
        end_body=webhook.end_body,
    )


def errors_of(refused: RecipientRefused) -> dict[str, str]:
    """Id of the field → sentence; the first problem of a field stands for it."""
    errors: dict[str, str] = {}
    for problem in refused.problems:
        errors.setdefault(_FIELD_IDS.get(problem.field, problem.field), problem.text)
    return errors


def _lines(sent: FormData, names: str, values: str, sensitive: str, kept: str) -> tuple[NamedLine, ...]:
    """The lists run in parallel; ``sensitive`` and ``kept`` name the places that are ticked."""
    ticked, stored = set(_texts(sent, sensitive)), set(_texts(sent, kept))
    return tuple(
        NamedLine(name, value, str(place) in ticked, str(place) in stored)
        for place, (name, value) in enumerate(zip(_texts(sent, names), _texts(sent, values), strict=False))
    )


def _without(lines: tuple[NamedLine, ...], place: str) -> tuple[NamedLine, ...]:
    return tuple(line for at, line in enumerate(lines) if str(at) != place)


def _merged(lines: tuple[NamedLine, ...], wanted: Iterable[Header | BodyValue]) -> tuple[NamedLine, ...]:
    """Those of a template that are not there yet are added."""
    known = {line.name.lower() for line in lines}
    added = (
        NamedLine(one.name, one.value or "", one.sensitive) for one in wanted if one.name.lower() not in known
    )
    return (*(line for line in lines if line.name or line.value), *added)


def _body(sent: FormData, name: str) -> str:
    """A browser sends every line break as CR LF; the guide's body has LF, and is sent byte for byte."""
    return str(sent.get(name, "")).replace("\r\n", "\n")


def _text(sent: FormData, name: str) -> str:
    return next(iter(_texts(sent, name)), "")


def _texts(sent: FormData, name: str) -> list[str]:
    values: Iterable[object] = sent.getlist(name)
    return [value.strip() for value in values if isinstance(value, str)]
