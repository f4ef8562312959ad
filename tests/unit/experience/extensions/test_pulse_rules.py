"""Whom to ask about an affected system, and which addresses a token may be sent to."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.bridges.systrack.models import FetchRefused
from opulse.bridges.systrack.rules import check_host, check_token_url, next_url, page_url, users_url
from opulse.experience.extensions.operational_pulse.rules import choose_people, sensor_names
from opulse.wire.affected import AffectedSystem, AffectedUser

OWN = "http://127.0.0.1:8080"
NOW = "2026-11-23T12:00:00.0000000Z"


@pytest.mark.parametrize(
    ("url", "cloud"),
    [
        ("https://cloud.example.org/api/x", "cloud.example.org"),
        ("https://CLOUD.example.org/api/x", "https://cloud.example.org/"),
        ("https://cloud.example.org:443/api/x", "cloud.example.org"),
        ("https://cloud.example.org/api/x", "cloud.example.org:443"),
        ("https://cloud.example.org:8443/api/x", "cloud.example.org:8443"),
        ("http://127.0.0.1:8080/api/x", "127.0.0.1:8080"),
        ("https://[2001:db8::1]/api/x", "[2001:db8::1]"),
    ],
)
def test_addresses_of_the_cloud_are_taken(url: str, cloud: str) -> None:
    check_host(url, cloud, OWN)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.org/",
        "https://cloud.example.org.evil.test/",
        "https://evilcloud.example.org/",
        "https://cloud.example.org:8443/",
        "http://cloud.example.org/",
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8081/",
        "https://cloud.example.org@evil.test/",
        "https://user:password@cloud.example.org/",
        "https://evil.test\\@cloud.example.org/",
        "https://evil.test\\.cloud.example.org/",
        "https://evil.test#@cloud.example.org/",
        "https://cloud.example.org\t.evil.test/",
        "https://cloud.example.org\n/",
        "https://cloud.example.org /",
        " https://cloud.example.org/",
        "https://cloud.example.org\u200b/",
        "//cloud.example.org/",
        "ftp://cloud.example.org/",
        "file:///etc/passwd",
        "cloud.example.org/api",
        "https://",
        "https:///api",
        "https://[bad",
        "https://cloud.example.org:99999/",
        "https://cloud.example.org:0/",
        "https://cloud.example.org:x/",
        "",
    ],
)
def test_every_other_address_is_refused(url: str) -> None:
    with pytest.raises(FetchRefused):
        check_host(url, "cloud.example.org", OWN)


def test_our_own_address_is_taken_only_where_it_is_the_cloud() -> None:
    with pytest.raises(FetchRefused, match="is not https"):
        check_host(f"{OWN}/api/x", "cloud.example.org", OWN)
    with pytest.raises(FetchRefused, match="is not https"):
        check_host("http://127.0.0.1:8081/", "127.0.0.1:8081", OWN)


@given(host=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_no_text_is_an_error_other_than_a_refusal(host: str) -> None:
    try:
        check_host(f"https://{host}/x", "cloud.example.org", OWN)
    except FetchRefused:
        return
    assert urlsplit(f"https://{host}/x").hostname == "cloud.example.org"


def test_the_password_goes_over_https_or_to_our_own_address() -> None:
    check_token_url("https://login.example.org/x/B2C_1_ROPC_AUTH/oauth2/v2.0/token", OWN)
    check_token_url(f"{OWN}/opulse/B2C_1_ROPC_AUTH/oauth2/v2.0/token", OWN)
    for url in (
        "http://login.example.org/token",
        "http://127.0.0.1:8081/token",
        "",
        "https://u@login.example.org/",
    ):
        with pytest.raises(FetchRefused):
            check_token_url(url, OWN)


@pytest.mark.parametrize(
    ("url", "rest"),
    [
        ("https://c/api/x", []),
        ("https://c/api/x?$top=7&$skip=9", []),
        ("https://c/api/x?tenant=a%20b&empty=&$top=7", [("tenant", "a b"), ("empty", "")]),
        ("https://c/api/x?a=1#part", [("a", "1")]),
    ],
)
def test_a_page_is_asked_for_with_what_else_the_address_carries(
    url: str, rest: list[tuple[str, str]]
) -> None:
    made = page_url(url, 50, 100)
    assert made.startswith("https://c/api/x?")
    assert parse_qsl(urlsplit(made).query, keep_blank_values=True) == [
        *rest,
        ("$top", "50"),
        ("$skip", "100"),
    ]
    assert "$top=50" in made, "written as it is, not as %24top"


def test_links_may_be_absolute_or_not() -> None:
    assert next_url("https://c/api/x?a=1", "?$skip=5") == "https://c/api/x?$skip=5"
    assert next_url("https://c/api/x", "/api/y") == "https://c/api/y"
    assert next_url("https://c/api/x", "https://d/z") == "https://d/z", "and is checked when it is asked"
    with pytest.raises(FetchRefused):
        next_url("https://c/api/x", "https://[bad")


@given(st.text(min_size=1, max_size=40))
def test_the_users_of_any_system_are_asked_for_at_one_place(system: str) -> None:
    try:
        made = users_url("https://c.example.org/api/sensornotifications/x", system)
    except UnicodeEncodeError:  # half a character is no id that JSON could have carried
        return
    parts = urlsplit(made)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "c.example.org", "", "")
    assert parts.path.split("/")[:3] == ["", "api", "systems"] or system in (".", "..")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (["a", " ", "b"], ["a", "b"]),
        ("a, b ,,c", ["a", "b", "c"]),
        ("", []),
        (None, []),
        ([], []),
        ([1], ["1"]),
    ],
)
def test_sensor_names(value: Any, names: list[str]) -> None:
    assert sensor_names(value) == names


def user(name: str, *, on: bool = False, primary: bool = False, last: str | None = None) -> AffectedUser:
    return AffectedUser(name, f"{name}@example.org", None, None, primary, on, last)


@pytest.mark.parametrize(
    ("users", "as_of", "asked"),
    [
        ([user("a", on=True), user("b", on=True), user("c", primary=True)], NOW, ["a", "b"]),
        ([user("a"), user("b", primary=True), user("c", primary=True)], NOW, ["b", "c"]),
        ([user("a", last="2026-11-20T00:00:00Z"), user("b", last="2026-11-22T00:00:00Z")], NOW, ["b"]),
        ([user("a", last="2026-11-16T12:00:00Z")], NOW, ["a"]),
        ([user("a", last="2026-11-16T11:59:59Z")], NOW, []),
        ([user("a", last="never")], NOW, []),
        ([user("a", last="2026-11-22T00:00:00Z")], None, []),
        ([], NOW, []),
        (None, NOW, []),
    ],
)
def test_who_is_asked(users: list[AffectedUser] | None, as_of: str | None, asked: list[str]) -> None:
    chosen = choose_people([AffectedSystem("s-1", "LT-1", users=users)], as_of)
    assert [one.person.user_id for one in chosen if one.person] == asked
    if not asked:
        assert [(one.system, one.reason.value) for one in chosen] == [("s-1", "no_user")]


def test_a_system_is_called_by_the_best_name_there_is() -> None:
    systems = [
        AffectedSystem("s-1", "LT-1", "lt-1.corp"),
        AffectedSystem("s-2", None, "lt-2.corp"),
        AffectedSystem("s-3"),
    ]
    assert [one.system_name for one in choose_people(systems, NOW)] == ["LT-1", "lt-2.corp", "s-3"]
