"""What the API of recipients takes and shows."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    BodyTemplate,
    BodyValue,
    Channel,
    DisabledReason,
    Header,
    Recipient,
    RecipientDraft,
    RecipientState,
    RecipientType,
    RequestMethod,
    TrialOutcome,
    Webhook,
)
from opulse.wire.webhook import DEFAULT_BODY


class HeaderBody(BaseModel):
    """``value`` null for a sensitive header: on the way in *keep it*, on the way out *not shown*."""

    name: str
    value: str | None = None
    sensitive: bool = False


class ValueBody(BaseModel):
    """A variable that the body writes as ``@{name}``; ``value`` as for a header."""

    name: str
    value: str | None = None
    sensitive: bool = False


class AuthenticationBody(BaseModel):
    """Secrets are write-only; null or absent keeps what is stored, and lets a new secret be generated."""

    type: AuthenticationType = AuthenticationType.OFF
    username: str = ""
    password: str | None = None
    secret: str | None = None


class RecipientBody(BaseModel):
    """*Add New Recipient*."""

    recipient_type: RecipientType = RecipientType.SYSTEM
    name: str
    connection: Channel
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    url: str = ""
    request_method: RequestMethod = RequestMethod.POST
    authentication: AuthenticationBody = Field(default_factory=AuthenticationBody)
    url_sensitive: bool = Field(
        False,
        description="The URL is itself a secret: sealed, and shown with its host alone. Empty keeps it.",
    )
    headers: list[HeaderBody] = []
    body: str = DEFAULT_BODY
    resolved_body: str = Field("", description="Body at the end; empty: SensorNotification.Resolved.")
    values: list[ValueBody] = []
    resolved_event: bool = Field(False, description="Tell this recipient too when the activation ends.")

    def draft(self) -> RecipientDraft:
        return RecipientDraft(
            recipient_type=self.recipient_type,
            name=self.name,
            channel=self.connection,
            email=self.email.strip() if self.connection is Channel.EMAIL else "",
            first_name=self.first_name,
            last_name=self.last_name,
            webhook=self._webhook() if self.connection is Channel.WEBHOOK else None,
            tell_end=self.resolved_event,
        )

    def _webhook(self) -> Webhook:
        proof = self.authentication
        return Webhook(
            url=self.url.strip(),
            method=self.request_method,
            authentication=Authentication(
                proof.type, proof.username, proof.password or None, proof.secret or None
            ),
            headers=tuple(Header(header.name, header.value, header.sensitive) for header in self.headers),
            body=self.body,
            end_body=self.resolved_body,
            values=tuple(
                BodyValue(value.name, value.value or None, value.sensitive) for value in self.values
            ),
            url_sensitive=self.url_sensitive,
        )


class RecipientView(BaseModel):
    """A recipient as people may see it."""

    recipient_id: str
    recipient_type: RecipientType
    name: str
    connection: Channel
    email: str
    first_name: str
    last_name: str
    url: str = Field(description="Empty where it is sensitive; url_shown says its host then.")
    url_shown: str
    url_sensitive: bool
    request_method: RequestMethod | None
    authentication: AuthenticationBody | None
    old_secret_until: AwareDatetime | None = Field(
        description="While one secret replaces another: until when the old one signs too."
    )
    headers: list[HeaderBody]
    body: str
    resolved_body: str
    values: list[ValueBody]
    resolved_event: bool
    state: RecipientState
    disabled_reason: DisabledReason | None
    disabled_at: AwareDatetime | None
    notifications_assigned: int
    created_at: AwareDatetime
    updated_at: AwareDatetime
    generated_secret: str | None = Field(None, description="Shown once, in the answer that made it.")


class RecipientList(BaseModel):
    recipients: list[RecipientView]


class TrialView(BaseModel):
    """What *Test Webhook* saw; ``status`` is null when no answer came."""

    delivered: bool
    status: int | None
    error: str
    seconds: float
    response: str
    body: str


class Rotation(BaseModel):
    """How long both secrets hold."""

    overlap_hours: int = Field(24, ge=1, le=720)


class TemplateView(BaseModel):
    """What *Fill in from a template* would put into the form."""

    template: str
    title: str
    help: str
    request_method: RequestMethod
    authentication: AuthenticationType
    url_sensitive: bool
    headers: list[HeaderBody]
    values: list[ValueBody]
    body: str
    resolved_body: str


class TemplateList(BaseModel):
    templates: list[TemplateView]


def view_of_template(template: BodyTemplate) -> TemplateView:
    """As the API shows it."""
    return TemplateView(
        template=template.name,
        title=template.title,
        help=template.help,
        request_method=template.method,
        authentication=template.authentication,
        url_sensitive=template.url_sensitive,
        headers=[
            HeaderBody(name=one.name, value=one.value, sensitive=one.sensitive) for one in template.headers
        ],
        values=[
            ValueBody(name=one.name, value=one.value, sensitive=one.sensitive) for one in template.values
        ],
        body=template.body,
        resolved_body=template.end_body,
    )


def view_of_trial(outcome: TrialOutcome) -> TrialView:
    """As the API shows it."""
    return TrialView(
        delivered=outcome.delivered,
        status=outcome.status,
        error=outcome.error,
        seconds=outcome.seconds,
        response=outcome.snippet,
        body=outcome.body,
    )


def view_of(recipient: Recipient, generated_secret: str = "") -> RecipientView:
    """As people may see it."""
    webhook = recipient.webhook
    proof = webhook.authentication if webhook else None
    return RecipientView(
        recipient_id=recipient.id,
        recipient_type=recipient.recipient_type,
        name=recipient.name,
        connection=recipient.channel,
        email=recipient.email,
        first_name=recipient.first_name,
        last_name=recipient.last_name,
        url=webhook.url if webhook else "",
        url_shown=webhook.url_shown if webhook else "",
        url_sensitive=webhook.url_sensitive if webhook else False,
        request_method=webhook.method if webhook else None,
        authentication=AuthenticationBody(type=proof.type, username=proof.username) if proof else None,
        old_secret_until=proof.previous_until if proof else None,
        headers=[
            HeaderBody(name=header.name, value=header.value, sensitive=header.sensitive)
            for header in (webhook.headers if webhook else ())
        ],
        body=webhook.body if webhook else "",
        resolved_body=webhook.end_body if webhook else "",
        values=[
            ValueBody(name=value.name, value=value.value, sensitive=value.sensitive)
            for value in (webhook.values if webhook else ())
        ],
        resolved_event=recipient.tell_end,
        state=recipient.state,
        disabled_reason=recipient.disabled_reason,
        disabled_at=recipient.disabled_at,
        notifications_assigned=recipient.assigned,
        created_at=recipient.created_at,
        updated_at=recipient.updated_at,
        generated_secret=generated_secret or None,
    )
