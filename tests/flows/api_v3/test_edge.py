"""Paths, envelope, credentials, refusals and limits, which every route has in common."""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import UUID

import pytest

from opulse.clock import ManualClock
from opulse.experience.api_v3.api.edge.paths import one_form
from opulse.experience.api_v3.models import Bucket, Buckets
from opulse.tenancy.flow import people
from opulse.tenancy.flow.access_tokens import create_client, make_person_token
from opulse.web.access import Role
from tests.flows.api_v3.conftest import Household


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/API/v3/whoami", ("", "/API/v3/whoami")),
        ("/API/v3/surveys/", ("", "/API/v3/surveys")),
        ("/API/v3//responses/R_1", ("", "/API/v3/responses/R_1")),
        ("//API//v3/directories/POOL_1//contacts//", ("", "/API/v3/directories/POOL_1/contacts")),
        ("/eu/proxy/API/v3/whoami", ("/eu/proxy", "/API/v3/whoami")),
        ("/API/v3", ("", "/API/v3")),
        ("/api/v3/whoami", None),
        ("/API/v31/whoami", None),
        ("/s/token", None),
    ],
)
def test_every_path_has_one_form(path: str, found: tuple[str, str] | None) -> None:
    assert one_form(path) == found


def test_a_bucket_leaks_and_says_how_long_to_wait(clock: ManualClock) -> None:
    bucket = Bucket(60)
    assert [bucket.take(clock.now()) for _ in range(60)] == [0.0] * 60
    assert bucket.take(clock.now()) == pytest.approx(1.0)
    assert bucket.take(clock.now() + timedelta(seconds=1)) == 0.0
    assert bucket.take(clock.now() + timedelta(seconds=1.5)) == pytest.approx(0.5)


def test_an_endpoint_that_is_full_takes_nothing_of_the_brand(clock: ManualClock) -> None:
    buckets = Buckets(brand=5)
    assert [buckets.wait_for(1, "slow", 2, clock.now()) for _ in range(3)] == [0, 0, 30]
    assert [buckets.wait_for(1, "other", None, clock.now()) for _ in range(4)] == [0, 0, 0, 12]
    assert buckets.wait_for(2, "slow", 2, clock.now()) == 0


async def test_whoami_has_its_fields_and_the_envelope(v3: Household) -> None:
    for path in ("/API/v3/whoami", "/API/v3/whoami/", "/API//v3//whoami"):
        answer = await v3.client.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        body = answer.json()
        assert set(body) == {"result", "meta"}
        assert body["meta"]["httpStatus"] == "200 - OK"
        UUID(body["meta"]["requestId"])
    told = body["result"]
    assert list(told) == (
        ["brandId", "userId", "userName", "accountType", "firstName", "lastName", "email", "datacenter"]
    )
    assert (told["firstName"], told["lastName"]) == ("Ada M.", "Lovelace")
    assert told["accountType"] == "UT_BRANDADMIN"
    assert len(told["userId"]) == 18 and told["userId"].startswith("UR_")


async def test_whoever_is_nobody_is_told_in_the_envelope(v3: Household) -> None:
    for headers in ({}, {"X-API-TOKEN": "x" * 40}, {"Authorization": "Bearer " + str(UUID(int=1))}):
        async with v3.calling(**headers) as nobody:
            answer = await nobody.get("/API/v3/whoami")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/json"
        assert set(answer.json()) == {"meta"}
        assert answer.json()["meta"]["httpStatus"] == "401 - Unauthorized"


async def test_a_call_that_there_is_not(v3: Household) -> None:
    answer = await v3.client.get("/API/v3/nothing/here/")
    assert answer.status_code == 404
    error = answer.json()["meta"]["error"]
    assert error == {"errorMessage": "API call does not exist: GET /API/v3/nothing/here"}


async def test_a_bad_parameter_is_named(v3: Household) -> None:
    for query in ("pageSize=many", "pageSize=0", "offset=-1", "skipToken=%00"):
        answer = await v3.client.get(f"/API/v3/users?{query}")
        assert answer.status_code == 400, query
        error = answer.json()["meta"]["error"]
        assert error["errorMessage"].startswith("Missing or invalid parameter: ")
        assert query.partition("=")[0] in error["errorMessage"]


async def test_a_new_token_ends_the_one_before(v3: Household) -> None:
    users = (await v3.client.get("/API/v3/users")).json()["result"]["elements"]
    path = f"/API/v3/users/{users[0]['id']}/apitoken"
    assert (await v3.client.get(path)).json()["result"] == {"apiToken": v3.token}
    made = (await v3.client.post(path)).json()["result"]["apiToken"]
    assert len(made) == 40 and made.isalnum()
    assert (await v3.client.get(path)).status_code == 401
    async with v3.calling(**{"x-api-token": made}) as again:
        assert (await again.get(path)).json()["result"] == {"apiToken": made}


async def test_a_user_without_token_and_one_without_access(v3: Household) -> None:
    bob = await people.add_person(
        v3.ports, v3.tenant, "bob@acme.example", "Bob", Role.VIEWER, "a password of some length", "test"
    )
    listed = (await v3.client.get("/API/v3/users")).json()["result"]["elements"]
    assert [one["username"] for one in listed] == ["ada@acme.example", "bob@acme.example"]
    answer = await v3.client.get(f"/API/v3/users/{listed[1]['id']}/apitoken")
    assert answer.status_code == 400
    token = await make_person_token(v3.ports, v3.tenant, bob.id, "test")
    async with v3.calling(**{"X-API-TOKEN": token}) as viewer:
        assert (await viewer.get("/API/v3/whoami")).json()["result"]["accountType"] == "UT_VIEWER"
        answer = await viewer.get("/API/v3/users")
        assert answer.status_code == 403
        assert answer.json()["meta"]["error"]["errorCode"] == "QMST_2.1"
        await people.change_person(v3.ports, v3.tenant, bob.id, Role.VIEWER, True, "test")
        assert (await viewer.get("/API/v3/whoami")).status_code == 401


async def test_client_credentials_in_every_form(v3: Household, clock: ManualClock) -> None:
    scopes = ["read:users", "manage:directory_contacts"]
    client, secret = await create_client(v3.ports, v3.tenant, "Robot", v3.person, scopes, "test")
    form = {"grant_type": "client_credentials", "scope": "read:users"}
    basic = {"Authorization": "Basic " + base64.b64encode(f"{client.id}:{secret}".encode()).decode()}
    inside = form | {"client_id": client.id, "client_secret": secret}
    parts = {name: (None, value) for name, value in form.items()}
    async with v3.calling() as anybody:
        for sent in ({"data": form, "headers": basic}, {"files": parts, "headers": basic}, {"data": inside}):
            answer = await anybody.post("/oauth2/token", **sent)
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert told | {"access_token": ""} == {
                "access_token": "",
                "token_type": "Bearer",
                "expires_in": 3599,
                "scope": "read:users",
            }
            bearer = {"Authorization": f"Bearer {UUID(told['access_token'])}"}
            assert (await anybody.get("/API/v3/whoami", headers=bearer)).status_code == 200
            refused = await anybody.get("/API/v3/groups", headers=bearer)
            assert refused.status_code == 403 and "read:groups" in refused.text
            # within scopes of the API v3 alone: it opens nothing else
            assert (await anybody.get("/api/v1/tenant", headers=bearer)).status_code == 401
        below = await anybody.post("/API/v3/oauth2/token", data=inside)  # where clients with one base ask
        assert set(below.json()) == {"access_token", "token_type", "expires_in", "scope"}
        clock.advance(3600)
        assert (await anybody.get("/API/v3/whoami", headers=bearer)).status_code == 401


async def test_what_an_oauth_client_may_not(v3: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opulse.experience.api_v3.api.oauth.REFUSAL_SECONDS", 0)
    client, secret = await create_client(v3.ports, v3.tenant, "Robot", v3.person, ["read:users"], "test")
    good = {"grant_type": "client_credentials", "client_id": client.id, "client_secret": secret}
    async with v3.calling() as anybody:
        for change, status, error in (
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"client_id": "nobody"}, 401, "invalid_client"),
            ({"scope": "manage:users"}, 400, "invalid_scope"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ):
            answer = await anybody.post("/oauth2/token", data=good | change)
            assert (answer.status_code, answer.json()["error"]) == (status, error)
            assert set(answer.json()) == {"error", "error_description"}
        token = (await anybody.post("/oauth2/token", data=good)).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await anybody.get("/API/v3/users", headers=bearer)).status_code == 200
        assert (await anybody.post("/API/v3/users/UR_1/apitoken", headers=bearer)).status_code == 403
        ended = await v3.client.delete(f"/api/v1/oauth-clients/{client.id}")
        assert ended.status_code == 204
        assert (await anybody.get("/API/v3/users", headers=bearer)).status_code == 401


async def test_too_many_requests(v3: Household, clock: ManualClock) -> None:
    v3.app.state.v3_buckets = Buckets(brand=2)
    answers = [await v3.client.get("/API/v3/whoami") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "30"
    assert answers[2].json()["meta"]["httpStatus"] == "429 - Too Many Requests"
    clock.advance(30)
    assert (await v3.client.get("/API/v3/whoami")).status_code == 200


async def test_a_body_without_end(v3: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opulse.experience.api_v3.api.edge.route.BODY_MAX", 100)

    async def pieces() -> object:
        for _ in range(10):
            yield b" " * 50

    for content in (b" " * 200, pieces()):
        answer = await v3.client.post(
            f"/API/v3/directories/{v3.directory}/mailinglists",
            content=content,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 413, answer.text
        assert answer.json()["meta"]["httpStatus"] == "413 - Request Entity Too Large"
