"""People sign in: passwords, lock-out, sessions, and the proof that is asked for once more."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.tenancy import views
from opulse.tenancy.flow.people import (
    SignedIn,
    SignInRefused,
    add_person,
    change_password,
    change_person,
    find_session,
    is_freshly_proved,
    make_password,
    prove_again,
    sign_in,
)
from opulse.tenancy.flow.sessions import end_session, end_sessions, prove
from opulse.tenancy.models import (
    FAILURE_WINDOW,
    FAILURES_ALLOWED,
    SESSION_IDLE,
    SESSION_LIFE,
    SIGNED_IN_AGAIN,
    Person,
    SignInRefusal,
)
from opulse.tenancy.store.people import people
from opulse.web.access import Caller, Role
from tests.servers.installation import make_tenant

pytestmark = pytest.mark.stores

EMAIL = "Maya.Okafor@example.org"
PASSWORD = "correct horse battery"


@pytest.fixture
async def maya(ports: Ports) -> Person:
    tenant, _ = await make_tenant(ports)
    return await add_person(ports, tenant, EMAIL, "Maya Okafor", Role.ADMIN, PASSWORD, "test")


async def enter(ports: Ports, email: str = EMAIL, password: str = PASSWORD) -> SignedIn:
    return await sign_in(ports, email, password, "Firefox", "192.0.2.7")


async def refusal(ports: Ports, email: str = EMAIL, password: str = "guess") -> SignInRefusal:
    with pytest.raises(SignInRefused) as caught:
        await enter(ports, email, password)
    return caught.value.reason


async def test_the_right_password_opens_a_session(ports: Ports, maya: Person, clock: ManualClock) -> None:
    signed_in = await enter(ports)
    found = await find_session(ports, signed_in.cookie)
    assert found is not None
    session, person = found
    assert person.id == maya.id
    assert (session.agent, session.address, session.created_at) == ("Firefox", "192.0.2.7", clock.now())
    assert person.last_sign_in == clock.now()


async def test_an_address_is_the_same_in_any_case(ports: Ports, maya: Person) -> None:
    assert (await enter(ports, " MAYA.okafor@EXAMPLE.org ")).person.id == maya.id


async def test_neither_the_password_nor_the_cookie_is_stored(ports: Ports, maya: Person) -> None:
    signed_in = await enter(ports)
    stored = await ports.db.read(lambda conn: conn.execute(select(people.c.password)).scalar_one())
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
    assert await find_session(ports, signed_in.cookie[:-1]) is None


async def test_wrong_and_unknown_are_told_alike(ports: Ports, maya: Person) -> None:
    assert await refusal(ports) is SignInRefusal.WRONG
    assert await refusal(ports, "nobody@example.org") is SignInRefusal.WRONG
    assert await refusal(ports, password="") is SignInRefusal.WRONG


async def test_after_eight_failures_the_password_is_not_even_looked_at(
    ports: Ports, maya: Person, clock: ManualClock
) -> None:
    for _ in range(FAILURES_ALLOWED):
        assert await refusal(ports) is SignInRefusal.WRONG
    assert await refusal(ports, password=PASSWORD) is SignInRefusal.TOO_MANY
    clock.advance(FAILURE_WINDOW.total_seconds() + 1)
    assert (await enter(ports)).person.id == maya.id


async def test_the_lock_is_of_one_address_and_counted_in_the_table(ports: Ports, maya: Person) -> None:
    await add_person(ports, maya.tenant, "lee@example.org", "Lee", Role.VIEWER, PASSWORD, "test")
    for _ in range(FAILURES_ALLOWED + 2):
        await refusal(ports, EMAIL.upper())
    assert await refusal(ports, password=PASSWORD) is SignInRefusal.TOO_MANY, (
        "another process would see it too"
    )
    assert (await enter(ports, "lee@example.org")).person.name == "Lee"


async def test_guesses_at_once_are_as_many_tries_as_guesses_in_turn(ports: Ports, maya: Person) -> None:
    ends = await asyncio.gather(*(refusal(ports, password=f"guess {number}") for number in range(20)))
    assert ends.count(SignInRefusal.WRONG) == FAILURES_ALLOWED
    assert ends.count(SignInRefusal.TOO_MANY) == 20 - FAILURES_ALLOWED


async def test_a_success_forgets_the_failures_before_it(ports: Ports, maya: Person) -> None:
    for _ in range(FAILURES_ALLOWED - 1):
        await refusal(ports)
    await enter(ports)
    await refusal(ports)
    assert await refusal(ports) is SignInRefusal.WRONG


async def test_a_disabled_person_does_not_sign_in_and_loses_their_sessions(
    ports: Ports, maya: Person
) -> None:
    signed_in = await enter(ports)
    await change_person(ports, maya.tenant, maya.id, Role.ADMIN, True, "test")
    assert await find_session(ports, signed_in.cookie) is None
    assert await refusal(ports, password=PASSWORD) is SignInRefusal.DISABLED
    assert await refusal(ports) is SignInRefusal.WRONG, "who does not know the password learns nothing"


async def test_a_session_ends_when_it_is_not_used(ports: Ports, maya: Person, clock: ManualClock) -> None:
    signed_in = await enter(ports)
    clock.advance(SESSION_IDLE.total_seconds() - 1)
    assert await find_session(ports, signed_in.cookie) is not None, "and looking at it keeps it alive"
    clock.advance(SESSION_IDLE.total_seconds() - 1)
    assert await find_session(ports, signed_in.cookie) is not None
    clock.advance(SESSION_IDLE.total_seconds() + 1)
    assert await find_session(ports, signed_in.cookie) is None


async def test_a_session_ends_after_a_week_however_much_it_is_used(
    ports: Ports, maya: Person, clock: ManualClock
) -> None:
    signed_in = await enter(ports)
    steps = int(SESSION_LIFE / timedelta(hours=6))
    for _ in range(steps):
        clock.advance(6 * 3600)
        assert await find_session(ports, signed_in.cookie) is not None
    clock.advance(1)
    assert await find_session(ports, signed_in.cookie) is None


async def test_sessions_are_listed_and_ended_one_by_one_or_all(ports: Ports, maya: Person) -> None:
    first, second = await enter(ports), await enter(ports)
    listed = await ports.db.read(views.list_sessions, maya.tenant, maya.id)
    assert len(listed) == 2
    found = await find_session(ports, first.cookie)
    assert found is not None
    assert not await end_session(ports, maya.tenant, "another person", found[0].id, "test")
    assert not await end_session(ports, maya.tenant + 1, maya.id, found[0].id, "test")
    assert await end_session(ports, maya.tenant, maya.id, found[0].id, "test")
    assert await find_session(ports, first.cookie) is None
    assert await find_session(ports, second.cookie) is not None
    await end_sessions(ports, maya.tenant, maya.id, "test")
    assert await find_session(ports, second.cookie) is None


async def test_a_new_password_ends_every_session(ports: Ports, maya: Person) -> None:
    signed_in = await enter(ports)
    await change_password(ports, maya.tenant, maya.id, "another password", "test")
    assert await find_session(ports, signed_in.cookie) is None
    assert await refusal(ports, password=PASSWORD) is SignInRefusal.WRONG
    assert (await enter(ports, password="another password")).person.id == maya.id


async def test_a_fresh_proof_lasts_five_minutes(ports: Ports, maya: Person, clock: ManualClock) -> None:
    signed_in = await enter(ports)
    assert await is_freshly_proved(ports, signed_in.cookie)
    clock.advance(SIGNED_IN_AGAIN.total_seconds() + 1)
    assert not await is_freshly_proved(ports, signed_in.cookie)
    found = await find_session(ports, signed_in.cookie)
    assert found is not None
    assert not await prove_again(ports, maya.tenant, maya.id, found[0].id, "guess")
    assert not await is_freshly_proved(ports, signed_in.cookie)
    assert await prove_again(ports, maya.tenant, maya.id, found[0].id, PASSWORD)
    assert await is_freshly_proved(ports, signed_in.cookie)


async def test_an_open_session_is_no_place_to_guess_the_password(ports: Ports, maya: Person) -> None:
    signed_in = await enter(ports)
    found = await find_session(ports, signed_in.cookie)
    assert found is not None
    caller = Caller(maya.tenant, Role.ADMIN, EMAIL, user_id=maya.id, session_id=found[0].id)
    for _ in range(5):
        assert await prove(ports, caller, PASSWORD) is None
    ends = [await prove(ports, caller, "guess") for _ in range(FAILURES_ALLOWED)]
    assert ends == [SignInRefusal.WRONG] * FAILURES_ALLOWED
    assert await prove(ports, caller, PASSWORD) is SignInRefusal.TOO_MANY
    assert await refusal(ports, password=PASSWORD) is SignInRefusal.TOO_MANY


async def test_who_can_be_added(ports: Ports, maya: Person) -> None:
    for email, role, password, why in (
        ("x@example.org", Role.VIEWER, "short", "at least 12"),
        ("x@example.org", Role.AGENT, PASSWORD, "admin, editor or viewer"),
        ("nobody", Role.VIEWER, PASSWORD, "e-mail address"),
        (EMAIL.lower(), Role.VIEWER, PASSWORD, "signs in here already"),
    ):
        with pytest.raises(ValueError, match=why):
            await add_person(ports, maya.tenant, email, "X", role, password, "test")
    assert len(await ports.db.read(views.list_people, maya.tenant)) == 1


async def test_a_made_password_is_long_enough_and_never_the_same() -> None:
    made = {make_password() for _ in range(50)}
    assert len(made) == 50
    assert {len(password) for password in made} == {23}
