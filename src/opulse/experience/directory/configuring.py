"""Directories with their fatigue rules, and mailing lists, as a part of the tenant's configuration. Never their people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator
from sqlalchemy import Connection

from opulse.experience.directory import views
from opulse.experience.directory.flow import limits
from opulse.experience.directory.flow import lists as flow
from opulse.experience.directory.models import Directory, MailingList, RuleKind, RuleScope
from opulse.tenancy.sections import Change, Entry, Section, Work, keyed

DIRECTORIES = "directories"
LISTS = "mailing_lists"


class RuleEntry(Entry):
    """A contact frequency rule. ``limit`` and ``period_seconds`` as far as its kind has them."""

    kind: RuleKind
    limit: int = 1
    period_seconds: int = 0


def _sorted(rules: tuple[RuleEntry, ...]) -> tuple[RuleEntry, ...]:
    return tuple(sorted(rules, key=lambda one: (one.period_seconds, one.kind.value, one.limit)))


class DirectoryEntry(Entry):
    """One of them is the default; which one stays."""

    default: bool = False
    frequency_rules: Annotated[tuple[RuleEntry, ...], AfterValidator(_sorted)] = ()


class ListEntry(Entry):
    """A mailing list stands in one directory."""

    directory: str


def list_directories_in(conn: Connection, tenant: int) -> dict[str, Directory]:
    """The directories by the names that a document calls them: what later stages refer to."""
    return keyed((found.name, found) for found in views.list_directories(conn, tenant))


def list_lists_in(conn: Connection, tenant: int) -> dict[str, MailingList]:
    """The mailing lists by the names that a document calls them: what later stages refer to."""
    found = sorted(views.list_lists(conn, tenant), key=lambda one: (one.created_at, one.id))
    return keyed((one.name, one) for one in found)


def _read_directories_in(conn: Connection, tenant: int, now: datetime) -> dict[str, DirectoryEntry]:
    return {
        key: DirectoryEntry(
            default=found.is_default,
            frequency_rules=tuple(
                RuleEntry(kind=rule.kind, limit=rule.limit, period_seconds=rule.period_seconds)
                for rule in views.list_rules(conn, tenant, found.id)
                if rule.scope
                is RuleScope.DIRECTORY  # those of lists and surveys stay as they are where they are
            ),
        )
        for key, found in list_directories_in(conn, tenant).items()
    }


def _save_directories_in(work: Work, changes: Sequence[Change]) -> None:
    """The first that is made becomes the default, so the default one goes first."""
    for change in sorted(changes, key=lambda one: not one.after.default):
        found = list_directories_in(work.conn, work.tenant).get(change.key)
        if found is None:
            found = flow.create_directory_in(work.conn, work.tenant, change.key, work.actor, work.now)
        if found.is_default != change.after.default:
            text = "There is a default directory here already; which one it is stays."
            work.refuse(DIRECTORIES, change.key, text, "default")
            continue
        rules = [
            *(
                limits.WantedRule(one.kind, one.limit, one.period_seconds)
                for one in change.after.frequency_rules
            ),
            *(
                limits.WantedRule(one.kind, one.limit, one.period_seconds, one.scope, one.target)
                for one in views.list_rules(work.conn, work.tenant, found.id)
                if one.scope is not RuleScope.DIRECTORY
            ),
        ]
        try:
            limits.set_rules_in(work.conn, work.tenant, found.id, rules, work.actor, work.now)
        except ValueError as error:
            work.refuse(DIRECTORIES, change.key, f"{error}.", "frequency_rules")


def _read_lists_in(conn: Connection, tenant: int, now: datetime) -> dict[str, ListEntry]:
    names = {found.id: key for key, found in list_directories_in(conn, tenant).items()}
    return {
        key: ListEntry(directory=names[found.directory]) for key, found in list_lists_in(conn, tenant).items()
    }


def _save_lists_in(work: Work, changes: Sequence[Change]) -> None:
    directories = list_directories_in(work.conn, work.tenant)
    for change in changes:
        directory = directories.get(change.after.directory)
        if directory is None:
            work.refuse(LISTS, change.key, f"There is no directory {change.after.directory!r}.", "directory")
        elif change.before is not None:
            text = (
                "Its people are of the directory in which it stands; a list of another one has another name."
            )
            work.refuse(LISTS, change.key, text, "directory")
        else:
            try:
                flow.create_list_in(work.conn, work.tenant, directory.id, change.key, work.actor, work.now)
            except ValueError as error:
                work.refuse(LISTS, change.key, f"{error}.")


SECTIONS = (
    Section(DIRECTORIES, DirectoryEntry, _read_directories_in, _save_directories_in),
    Section(LISTS, ListEntry, _read_lists_in, _save_lists_in),
)
