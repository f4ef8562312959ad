import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.wire.affected import (
    AffectedPage,
    AffectedSensor,
    AffectedSystem,
    AffectedUser,
    encode_page,
    seconds_since,
)
from opulse.wire.affected_reading import decode_page, decode_users
from opulse.wire.errors import UnreadableBody

SPEC: dict[str, Any] = {
    "notificationActivationId": "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10",
    "asOf": "2026-03-03T16:31:07.1234567Z",
    "state": "active",
    "totalCount": 2,
    "systems": [
        {
            "systemId": "f2d6e4f9-1ccc-44d3-9dec-1737df2d1bd4",
            "systemName": "LT-0421",
            "fqdn": "lt-0421.corp.example.test",
            "domain": "CORP",
            "operatingSystem": "Windows 11 Enterprise",
            "agentVersion": "11.8",
            "lastConnect": "2026-03-03T16:30:41Z",
            "users": [
                {
                    "userId": "CORP\\jdoe",
                    "email": "jdoe@example.test",
                    "firstName": "J",
                    "lastName": "Doe",
                    "isPrimary": True,
                    "isLoggedOn": True,
                    "lastLogon": "2026-03-03T07:58:12Z",
                }
            ],
            "sensors": [
                {"name": "Application Hang", "instance": "msedge.exe", "activatedAt": "2026-03-03T16:29:40Z"}
            ],
        }
    ],
    "nextLink": None,
}


def test_the_page_of_the_specification_there_and_back() -> None:
    page, unreadable = decode_page(json.dumps(SPEC).encode())
    assert unreadable == ()
    assert page.systems[0].users == [
        AffectedUser("CORP\\jdoe", "jdoe@example.test", "J", "Doe", True, True, "2026-03-03T07:58:12Z")
    ]
    assert json.loads(encode_page(page)) == SPEC


ROWS = [
    {"wguid": "a", "name": "PC-1", "userEmail": "a@example.test"},
    {"sysGuid": "b", "users": [{"name": "CORP\\b", "emailAddress": "b@example.test", "isLoggedOn": "true"}]},
    {"id": "c", "Users": []},
    "d",
]


@pytest.mark.parametrize(
    "wrap", [lambda rows: rows, lambda rows: {"value": rows}, lambda rows: {"items": rows}]
)
def test_foreign_forms_give_the_same_systems(wrap: Any) -> None:
    page, unreadable = decode_page(json.dumps(wrap(ROWS)).encode())
    assert unreadable == ()
    assert [system.system_id for system in page.systems] == ["a", "b", "c", "d"]
    assert page.systems[0].system_name == "PC-1"
    assert page.systems[0].users == [AffectedUser("a@example.test", "a@example.test", is_primary=True)]
    assert page.systems[1].users == [AffectedUser("CORP\\b", "b@example.test", is_logged_on=True)]
    assert page.systems[2].users == []
    assert page.systems[3].users is None


def test_a_key_we_do_not_know_costs_nothing_but_speed() -> None:
    richer = json.loads(json.dumps(SPEC))
    richer["systems"][0]["site"] = "Berlin"
    richer["systems"][0]["users"][0]["mail"] = "ignored@example.test"
    assert decode_page(json.dumps(richer).encode()).page == decode_page(json.dumps(SPEC).encode()).page


def test_a_row_without_an_id_is_reported_and_the_rest_are_read() -> None:
    body = {
        "systems": [{"systemName": "?"}, {"systemId": "a"}, 7, None],
        "@odata.nextLink": "/n",
        "@odata.count": "4",
    }
    page, unreadable = decode_page(json.dumps(body).encode())
    assert unreadable == (0, 2, 3)
    assert [system.system_id for system in page.systems] == ["a"]
    assert (page.next_link, page.total_count) == ("/n", 4)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"7", b"{}", b'{"systems":{}}', b"\xff", b'{"systems":' + b"[" * 50_000]
)
def test_what_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        decode_page(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["systems", "id", "users", "email", "count", "sensors", "nextLink"]), inner
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_any_json_is_a_page_or_an_unreadable_body(document: object) -> None:
    try:
        page, unreadable = decode_page(json.dumps(document).encode())
    except UnreadableBody:
        return
    assert all(system.system_id for system in page.systems)
    assert decode_page(encode_page(page)).page == page
    assert len(set(unreadable)) == len(unreadable)


def test_users_of_one_system() -> None:
    user = SPEC["systems"][0]["users"][0]
    ours = AffectedUser("CORP\\jdoe", "jdoe@example.test", "J", "Doe", True, True, "2026-03-03T07:58:12Z")
    for document in ([user], {"users": [user]}, {"value": [user]}, {"systemId": "x", "items": [user]}):
        assert decode_users(json.dumps(document).encode()) == [ours]
    assert decode_users(b'[{"mail":"a@example.test"},{}]') == [
        AffectedUser("a@example.test", "a@example.test")
    ]
    assert decode_users(b'{"users":[]}') == []
    for body in (b"", b"{}", b"7", b'{"users":1}'):
        with pytest.raises(UnreadableBody):
            decode_users(body)


def test_a_thousand_systems_are_decoded_in_milliseconds() -> None:
    users = [
        AffectedUser(f"CORP\\u{i}", f"u{i}@example.test", "A", "B", True, True, None) for i in range(1000)
    ]
    systems = [
        AffectedSystem(f"{i:032x}", f"LT-{i}", users=[user], sensors=[AffectedSensor("Application Hang")])
        for i, user in enumerate(users)
    ]
    body = encode_page(AffectedPage("x", None, "active", 1000, systems))
    best = min(_seconds_to_decode(body) for _ in range(5))
    assert best < 0.05  # measured: 2 ms; the bound leaves room for a busy machine


def _seconds_to_decode(body: bytes) -> float:
    start = time.perf_counter()
    page, _ = decode_page(body)
    assert len(page.systems) == 1000
    return time.perf_counter() - start


def test_seconds_between_two_times_of_a_page() -> None:
    assert seconds_since("2026-03-03T16:30:07Z", "2026-03-03T16:31:07.1234567Z") == pytest.approx(60.123456)
    assert seconds_since(None, "2026-03-03T16:31:07Z") is None
    assert seconds_since("yesterday", "2026-03-03T16:31:07Z") is None
