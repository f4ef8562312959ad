"""Who can be asked at all, and what holds them back (weak point 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from opulse.experience.directory.models import FrequencyRule, RuleKind
from opulse.pulses.doctor.facts import Facts
from opulse.pulses.doctor.models import Finding, Kind, Subject
from opulse.pulses.doctor.rules.pairing import about, askers, distribute
from opulse.pulses.doctor.rules.wiring import receivers, task_form

MANY = 0.1
"""Every estate has some people whom nobody can ask, and the ledger names each; a larger share is the set-up's doing."""
STRICT = timedelta(days=7)
"""A rule that lets one pulse through in a longer time eats the second incident of a week."""


def check_fatigue(facts: Facts) -> Iterator[Finding]:
    """Frequency rules of directories in which people are asked."""
    asked = {str(one.workflow.document.trigger.form["directory"]) for one in askers(facts)}
    for directory in asked:
        for rule in facts.rules.get(directory, ()):
            if _is_strict(rule):
                days = rule.period_seconds / 86_400
                what = f"A {rule.scope.value} rule lets {_most(rule)} through in {days:g} days."
                subject = Subject("directory", directory, f"/directory/{directory}/rules")
                yield Finding(Kind.FATIGUE_TOO_STRICT, subject, what)


def check_contacts(facts: Facts) -> Iterator[Finding]:
    """Users of systems against contacts, and contacts against addresses."""
    people, tasks = facts.people, receivers(facts)
    makes = any(str(task_form(one).get("create_contacts")) == "true" for one in tasks)
    estate = Subject("users", "Users of systems", "/users")
    if tasks and people.without_contact > MANY * people.users and not makes:
        what = f"{people.without_contact:,} of {people.users:,} users of systems have no contact, and the task makes none."
        yield Finding(Kind.USERS_WITHOUT_CONTACT, estate, what)
    if tasks and people.without_email > MANY * people.users:
        what = f"{people.without_email:,} of {people.users:,} users of systems have neither an address nor a contact."
        yield Finding(Kind.USERS_WITHOUT_EMAIL, estate, what)
    mailed = {
        str(task.form.get("contact_list")) for one in askers(facts) if (task := distribute(one.workflow))
    }
    for number in sorted(mailed & facts.lists.keys()):
        count = people.no_address.get(number, 0)
        named = facts.lists[number]
        if count > MANY * named.members:
            what = f"{count:,} of {named.members:,} contacts on the list {named.name} have no e-mail address."
            page = f"/directory/{named.directory}/lists/{number}"
            yield Finding(Kind.CONTACTS_WITHOUT_EMAIL, Subject("list", named.name, page), what)


def check_mail(facts: Facts) -> Iterator[Finding]:
    """The tenant's switches."""
    tenant, subject = facts.tenant, Subject("tenant", facts.tenant.name, "/admin/tenant")
    if tenant.mail_paused:
        yield Finding(Kind.MAIL_STOPPED, subject, "All mail of this tenant is paused.")
    if tenant.hold_after_restore:
        yield Finding(Kind.MAIL_HELD, subject, "Mail is held since a restore.")
    if not tenant.mail_open:
        what = f"Mail goes to {len(tenant.allow_list)} entries of the allow list and to nobody else."
        yield Finding(Kind.MAIL_CLOSED, subject, what)
    for one in facts.notifications:
        watched = facts.members.get(one.group_index, 0)
        if one.enabled and watched > tenant.cap_per_activation:
            what = f"It watches {watched:,} systems, and one activation asks {tenant.cap_per_activation:,} at most."
            yield Finding(Kind.CAP_TOO_LOW, about(one), what)


def _is_strict(rule: FrequencyRule) -> bool:
    if rule.kind is RuleKind.ONE_PER_ACTIVATION or not rule.period_seconds:
        return False
    per = timedelta(seconds=rule.period_seconds)
    return (per if rule.kind is RuleKind.MIN_GAP else per / max(1, rule.limit)) > STRICT


def _most(rule: FrequencyRule) -> str:
    return "one invitation" if rule.kind is RuleKind.MIN_GAP else f"{rule.limit} invitation(s)"
