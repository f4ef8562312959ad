"""Tasks on contacts: add or update, and read one for later tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import (
    MAIN_FIELDS,
    Cause,
    Person,
    check_patch,
    match_people_in,
    merge_embedded_in,
    put_on_list_in,
)
from opulse.experience.directory import views as directory
from opulse.experience.directory.flow.alarms import note_created_in
from opulse.experience.directory.flow.people import ContactProblem, edit_contact_in
from opulse.experience.workflows import (
    FieldKind,
    FormField,
    Selection,
    TaskContext,
    TaskResult,
    TaskState,
)
from opulse.ports import Ports

_PLAIN = ("first_name", "last_name", "email", "ext_ref", "phone", "language")
EVENT_CONTACTS, ONE_CONTACT = "event", "one"


class UpdateContacts:
    """Update XM Directory Contacts: those whom the event is about, all in one go; or one that the form names."""

    type = "xm_directory.update_contacts"
    title = "XM Directory: Add or Update Contacts"
    account_fields: Sequence[FormField] = ()
    form: Sequence[FormField] = (
        FormField(
            "who",
            "Whose data",
            FieldKind.CHOICE,
            choices=(
                (ONE_CONTACT, "One contact, named below; made when there is none"),
                (EVENT_CONTACTS, "The contacts that the event is about"),
            ),
            default=ONE_CONTACT,
        ),
        FormField("directory", "Directory", FieldKind.DIRECTORY),
        FormField("contact_list", "Put them on this list", FieldKind.LIST, required=False),
        FormField("first_name", "First name", FieldKind.PIPED, required=False),
        FormField("last_name", "Last name", FieldKind.PIPED, required=False),
        FormField("email", "Email address", FieldKind.PIPED, required=False),
        FormField("ext_ref", "External data reference", FieldKind.PIPED, required=False),
        FormField("phone", "Phone", FieldKind.PIPED, required=False),
        FormField("language", "Language", FieldKind.PIPED, required=False),
        FormField("embedded_data", "Embedded data", FieldKind.PAIRS, required=False),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = []
        if directory.find_directory(conn, tenant, str(form["directory"])) is None:
            problems.append("Directory names no directory")
        chosen = directory.find_list(conn, tenant, str(form.get("contact_list") or ""))
        if form.get("contact_list") and (chosen is None or chosen.directory != form["directory"]):
            problems.append("Put them on this list names no mailing list of that directory")
        if form.get("who") == EVENT_CONTACTS and any(form.get(name) for name in _PLAIN):
            problems.append("Whose data: many people cannot be given one name or address; use embedded data")
        if form.get("who") != EVENT_CONTACTS and not (form.get("email") or form.get("ext_ref")):
            problems.append("Email address or External data reference says who it is")
        embedded = form.get("embedded_data") or {}
        try:
            check_patch({name: value for name, value in embedded.items() if value is not None})
        except (ValueError, AttributeError) as error:
            problems.append(f"Embedded data: {error}")
        return problems

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Write; a second time changes nothing."""
        form = context.form
        embedded = {
            name: value for name, value in (form.get("embedded_data") or {}).items() if value is not None
        }
        try:
            check_patch(embedded)
            now = ports.clock.now()
            if form.get("who") == EVENT_CONTACTS:
                if context.selection is None:
                    return TaskResult(TaskState.FAILED, {}, "the event of this workflow is about no contacts")
                output = await ports.db.write(_patch_in, context, context.selection, embedded, now)
            else:
                output = await ports.db.write(_upsert_in, context, embedded, now)
        except (ContactProblem, ValueError, LookupError) as error:
            return TaskResult(TaskState.FAILED, {}, f"nothing was written: {error}")
        return TaskResult(TaskState.SUCCEEDED, output)

    def output_names(self, form: Mapping[str, Any]) -> list[str]:
        """What later tasks may pipe."""
        return ["contacts"] if form.get("who") == EVENT_CONTACTS else ["contactId", "created"]


def _cause(context: TaskContext) -> Cause:
    return Cause(context.activation, context.wave, context.run, context.chain)


def _patch_in(
    conn: Connection, context: TaskContext, selection: Selection, embedded: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """The same patch on everybody, in one statement, whatever their number."""
    change = directory.find_change_set(conn, context.tenant, selection.change_set)
    if change is None:
        raise LookupError("the event is older than the directory's memory")
    if change.directory != context.form["directory"]:
        raise LookupError("the event is about contacts of another directory")
    members = directory.list_members_of(conn, context.tenant, selection.change_set, selection.groups)
    if embedded:
        merge_embedded_in(
            conn, context.tenant, change.directory, members, embedded, cause=_cause(context), now=now
        )
    if context.form.get("contact_list"):
        put_on_list_in(conn, context.tenant, str(context.form["contact_list"]), members, now)
    return {"contacts": len(members)}


def _upsert_in(
    conn: Connection, context: TaskContext, embedded: dict[str, Any], now: datetime
) -> dict[str, Any]:
    form = context.form
    wanted = {name: str(form.get(name) or "").strip() for name in _PLAIN}
    person = Person(
        wanted["ext_ref"], wanted["email"], wanted["first_name"], wanted["last_name"], wanted["language"]
    )
    if not person.key:
        raise ValueError(
            "Email address and External data reference are both empty: check what is piped into them"
        )
    folder, list_id = str(form["directory"]), str(form.get("contact_list") or "")
    known = match_people_in(conn, context.tenant, folder, [person], create=False, list_id=list_id, now=now)
    found = known or match_people_in(
        conn, context.tenant, folder, [person], create=True, list_id=list_id, now=now
    )
    if not found:
        raise ValueError("nobody has this external data reference, and without an address no contact is made")
    contact = next(iter(found.values()))
    given = {name: value for name, value in wanted.items() if value}
    if known:
        edit_contact_in(
            conn,
            context.tenant,
            folder,
            contact,
            given,
            embedded,
            cause=_cause(context),
            now=now,
            actor="workflow",
        )
        return {"contactId": contact, "created": False}
    # first the values, without an event of their own; then one event that says "created" with all of them
    edit_contact_in(
        conn,
        context.tenant,
        folder,
        contact,
        given,
        embedded,
        cause=_cause(context),
        now=now,
        actor="workflow",
    )
    note_created_in(conn, context.tenant, folder, [contact], cause=_cause(context), now=now)
    return {"contactId": contact, "created": True}


class LoadContact:
    """Load XM Directory Contact Details: the fields of one contact, for later tasks."""

    type = "xm_directory.load_contact"
    title = "XM Directory: Load Contact Details"
    account_fields: Sequence[FormField] = ()
    form: Sequence[FormField] = (
        FormField("directory", "Directory", FieldKind.DIRECTORY),
        FormField("email", "Email address", FieldKind.PIPED, required=False),
        FormField("ext_ref", "External data reference", FieldKind.PIPED, required=False),
        FormField(
            "embedded_fields",
            "Embedded data to read",
            FieldKind.NAMES,
            required=False,
            help="One name per line.",
        ),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = []
        if directory.find_directory(conn, tenant, str(form["directory"])) is None:
            problems.append("Directory names no directory")
        if not (form.get("email") or form.get("ext_ref")):
            problems.append("Email address or External data reference says who it is")
        return problems

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Read. Nobody found is an answer (``found`` is false), not a failure."""
        return TaskResult(TaskState.SUCCEEDED, await ports.db.read(_load_in, context, ports.clock.now()))

    def output_names(self, form: Mapping[str, Any]) -> list[str]:
        """What later tasks may pipe."""
        return ["found", "contactId", *MAIN_FIELDS, *(form.get("embedded_fields") or [])]


def _load_in(conn: Connection, context: TaskContext, now: datetime) -> dict[str, Any]:
    form = context.form
    person = Person(str(form.get("ext_ref") or "").strip(), str(form.get("email") or "").strip())
    found = match_people_in(
        conn, context.tenant, str(form["directory"]), [person], create=False, list_id="", now=now
    )
    contact = directory.find_contact(
        conn, context.tenant, str(form["directory"]), next(iter(found.values()), "")
    )
    if contact is None:
        return {"found": False}
    main = {name: getattr(contact, column) for name, column in MAIN_FIELDS.items()}
    own = {name: contact.embedded.get(name) for name in form.get("embedded_fields") or []}
    return {"found": True, "contactId": contact.id, **main, **own}
