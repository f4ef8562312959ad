"""What the mail says: one frame per language, filled per person, read back by a mail program's parser."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.experience.distributions import DistributionKind, FollowUpWish, MessageSpec, Wording
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.burst import addressee
from opulse.experience.distributions.flow.following import follow_up_due, plan_follow_up
from opulse.experience.distributions.flow.letters import Letters
from opulse.experience.distributions.flow.links import find_invitation_in, note_progress_in
from opulse.experience.distributions.flow.sender_domains import make_domain_key, switch_domain_key
from opulse.experience.distributions.flow.sending import LEASE
from opulse.experience.distributions.models import LinkType, Progress, Turn
from opulse.experience.distributions.rules import incident_code
from opulse.experience.distributions.store.claims import claim_mails
from opulse.experience.distributions.store.sending import list_due
from opulse.mail.models import Envelope, MessageRefused
from opulse.mail.shell import STARTER
from opulse.mail.signing import Algorithm
from opulse.mail.verp import Verp
from opulse.ports import Ports
from opulse.wire.tokens import LinkPurpose
from tests.unit.experience.distributions.town import Town, build_town

Mails = Mapping[str, tuple[Envelope, EmailMessage]]


async def write_all(ports: Ports, **changes: Any) -> tuple[Town, str, Mails]:
    """Ask four people (en, de, ar, unknown) and write their mails: by address in lower case."""
    town = await build_town(ports, 4)
    request = town.request(**changes)
    made = await ask(ports, request)
    turn, now = Turn(town.tenant, made.distribution, 5), ports.clock.now()
    claimed = await ports.db.write(claim_mails, turn, "test", LEASE, now, 20)
    people = [addressee(mail) for mail in claimed]
    writer = await Letters(ports).writer(turn, people)
    written = [writer.write(person, now) for person in people]
    return town, request.cause, {one.rcpt_to.lower(): (one, read_mail(one)) for one in written}


def read_mail(envelope: Envelope) -> EmailMessage:
    """The mail as a mail program reads it."""
    mail = BytesParser(policy=policy.default).parsebytes(envelope.data)
    assert isinstance(mail, EmailMessage)
    return mail


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def test_each_person_reads_their_language_with_choices_that_only_open_the_page(ports: Ports) -> None:
    _, cause, mails = await write_all(ports)
    expected = {
        "user0": ("en", "Hello First0,"),
        "user1": ("de", "Guten Tag First1,"),
        "user2": ("ar", "مرحبًا First2،"),
    }
    for name, (language, greeting) in expected.items():
        envelope, mail = mails[f"{name}@example.org"]
        assert mail["Content-Language"] == language
        assert greeting in body(mail, "plain")
        html = body(mail, "html")
        assert f'lang="{language}"' in html
        assert ('dir="rtl"' in html) == (language == "ar")
        assert html.count("?q=QID1&amp;c=") == 5
        assert str(mail["Subject"]).endswith(f" [{incident_code(cause)}]")
        assert envelope.rcpt_to.lower() == f"{name}@example.org"
    assert "4 questions" in body(mails["user3@example.org"][1], "plain"), (
        "an unknown language is the survey's own"
    )


async def test_all_headers_are_there_and_links_lead_to_the_one_invitation(ports: Ports) -> None:
    town, _, mails = await write_all(ports)
    rows = {row["email"].lower(): row for row in await town.rows()}
    for address, (envelope, mail) in mails.items():
        row = rows[address]
        assert mail["Message-ID"] == f"<{row['message_id']}>"
        assert mail["To"].addresses[0].display_name == f"{row['first_name']} {row['last_name']}"
        assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == (
            "auto-generated",
            "OOF, AutoReply",
        )
        assert "<pulse.example.org>" in mail["List-Id"]
        assert Verp("example.org", (ports.digest_key,)).decode(envelope.mail_from) == bytes.fromhex(row["id"])
        stop = mail["List-Unsubscribe"].strip("<>")
        token = stop.removeprefix(f"{ports.public_url}/u/")
        assert ports.links.read(LinkPurpose.UNSUBSCRIBE, token) == (town.tenant, bytes.fromhex(row["id"]))
        assert stop in body(mail, "html")
        (answer,) = {part for part in body(mail, "plain").split() if "/s/" in part and "?" not in part}
        token = answer.removeprefix(f"{ports.public_url}/s/")
        assert ports.links.read(LinkPurpose.ANSWER, token) == (town.tenant, bytes.fromhex(row["id"]))


async def test_pipes_light_markdown_and_links_with_words(ports: Ports) -> None:
    message = MessageSpec(
        subject="${m://FirstName}: ${e://Field/lastAlarm}",
        body="**Site:** ${e://Field/site}\n\n${l://SurveyLink?d=Tell us [now]} ${x://nothing}",
        from_name="IT & Co",
        reply_to="help@example.org",
    )
    _, _, mails = await write_all(ports, message=message)
    _, mail = mails["user1@example.org"]
    assert str(mail["Subject"]).startswith("First1: Application Hang, Disk Full [OP-")
    assert (mail["From"].addresses[0].display_name, mail["Reply-To"]) == ("IT & Co", "help@example.org")
    html, text = body(mail, "html"), body(mail, "plain")
    assert "<strong>Site:</strong> <bdi>Site 1</bdi>" in html
    assert ">Tell us [now]</a>" in html
    assert "Tell us [now]: http://test/s/" in text
    assert "${" not in html + text


async def test_a_translation_is_said_to_those_who_read_it(ports: Ports) -> None:
    message = MessageSpec("Slow?", "Is it slow?", translations={"de": Wording("Langsam?", "Ist es langsam?")})
    _, _, mails = await write_all(ports, message=message)
    assert "Ist es langsam?" in body(mails["user1@example.org"][1], "plain")
    assert "Is it slow?" in body(mails["user2@example.org"][1], "plain")


async def test_values_of_people_are_text_wherever_they_land(ports: Ports) -> None:
    town = await build_town(ports, 1)
    await town.change(
        town.people, first_name="<b>${m://Email}⟦email⟧", embedded={"site": "<script>x</script>"}
    )
    made = await ask(ports, town.request(message=MessageSpec(body="${e://Field/site}")))
    turn, now = Turn(town.tenant, made.distribution, 5), ports.clock.now()
    (mail,) = await ports.db.write(claim_mails, turn, "test", LEASE, now, 20)
    writer = await Letters(ports).writer(turn, [addressee(mail)])
    html = body(read_mail(writer.write(addressee(mail), now)), "html")
    assert "&lt;b&gt;${m://Email}⟦email⟧" in html
    assert "&lt;script&gt;x" in html
    assert "<script>" not in html


async def test_an_author_cannot_write_a_slot_of_ours(ports: Ports) -> None:
    _, _, mails = await write_all(ports, message=MessageSpec(subject="S", body="⟦message_id⟧ <img src=x>"))
    html = body(mails["user0@example.org"][1], "html")
    assert "[message_id]" in html
    assert "<img src=x" not in html


async def test_an_anonymous_link_is_the_same_for_everybody(ports: Ports) -> None:
    town, _, mails = await write_all(ports, link_type=LinkType.ANONYMOUS)
    answers = {
        part
        for _, mail in mails.values()
        for part in body(mail, "plain").split()
        if "/s/" in part and "?" not in part
    }
    assert len(answers) == 1
    read = ports.links.read(LinkPurpose.ANSWER, answers.pop().removeprefix(f"{ports.public_url}/s/"))
    assert read is not None
    found = await ports.db.read(find_invitation_in, town.tenant, read[1].hex())
    assert found is not None
    assert found.invitation.contact == ""
    assert len({mail["List-Unsubscribe"] for _, mail in mails.values()}) == 4, (
        "but stopping is everybody's own"
    )


async def test_a_sender_address_that_is_none_refuses_the_message(ports: Ports) -> None:
    with pytest.raises(MessageRefused):
        await write_all(ports, message=MessageSpec(from_address="not an address"))


async def test_a_reminder_has_the_same_link_and_code_and_the_thanks_have_no_link(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build_town(ports, 3)
    request = town.request()
    made = await ask(ports, request)
    now = clock.now()
    await town.change_invitations(state="accepted", next_try_at=None, sent_at=now)
    for kind in (DistributionKind.REMINDER, DistributionKind.THANK_YOU):
        wish = FollowUpWish(kind, timedelta(hours=1))
        await plan_follow_up(ports, town.tenant, made.distribution, wish, "test")
    invited = {row["contact"]: row for row in await town.rows()}
    answered = next(row for row in invited.values() if row["language"] == "de")
    await ports.db.write(note_progress_in, town.tenant, answered["id"], Progress.FINISHED, now)
    clock.advance(3600)
    assert await follow_up_due(ports) == 3
    letters, written = Letters(ports), {}
    for turn in await ports.db.read(list_due, clock.now()):
        claimed = await ports.db.write(claim_mails, turn, "test", LEASE, clock.now(), 20)
        people = [addressee(mail) for mail in claimed]
        writer = await letters.writer(turn, people)
        for person in people:
            written[person.of] = (turn.kind, read_mail(writer.write(person, clock.now())))
    code = incident_code(request.cause)
    for row in invited.values():
        kind, mail = written[row["id"]]
        assert str(mail["Subject"]).endswith(f"[{code}]")
        text = body(mail, "plain")
        links = [word for word in text.split() if "/s/" in word]
        if kind is DistributionKind.THANK_YOU:
            assert row is answered
            assert str(mail["Subject"]).startswith("Danke für Ihre Antwort")
            assert links == []
        else:
            token = links[0].rpartition("/")[2].partition("?")[0]
            assert ports.links.read(LinkPurpose.ANSWER, token) == (town.tenant, bytes.fromhex(row["id"]))
        assert "List-Unsubscribe" in mail


async def test_a_look_of_ones_own_is_around_the_words_and_keeps_the_way_out(ports: Ports) -> None:
    look = STARTER.replace("Your organisation", "Acme ⟦email⟧")
    _, _, mails = await write_all(ports, message=MessageSpec(subject="Slow?", mjml=look))
    html = body(mails["user0@example.org"][1], "html")
    assert "Acme [email]" in html, "what an author writes is never taken for a slot"
    assert "Hello" in html
    assert "/u/" in html
    assert "No more mails of this kind" in html


async def test_the_domains_own_keys_sign_and_a_key_that_was_switched_off_does_not(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build_town(ports, 2)
    made = await ask(ports, town.request())
    turn = Turn(town.tenant, made.distribution, 5)
    key = await make_domain_key(ports, town.tenant, "example.org", "k1", Algorithm.ED25519, "test")
    claimed = await ports.db.write(claim_mails, turn, "test", LEASE, clock.now(), 20)
    people, letters = [addressee(mail) for mail in claimed], Letters(ports)

    async def write() -> bytes:
        return (await letters.writer(turn, people)).write(people[0], clock.now()).data

    assert b"DKIM-Signature" not in await write(), "it waits for its record"
    await switch_domain_key(ports, town.tenant, key.id, "test", active=True)
    assert b"DKIM-Signature" not in await write(), "within the minute"
    clock.advance(61)
    assert b" s=k1;" in await write()
    await switch_domain_key(ports, town.tenant, key.id, "test", active=False)
    clock.advance(61)
    assert b"DKIM-Signature" not in await write()
