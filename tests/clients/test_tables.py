"""The tables of clients say what is installed and what is served: no method is missing, no route is claimed that is not there.

What the tables say of our own routes is checked by every run; the clients themselves are installed for `make test-long` alone.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from tests.clients.conftest import INSTALLED, SCRIPTS, command_of
from tests.clients.table import Client, clients, fits, same_route
from tools.reference_clients import served

CLIENTS = clients()
CREDENTIALS = "Qualtrics(client_id, client_secret)"
"""Signing in is a method of no class: the constructor does it."""


@pytest.fixture(params=CLIENTS, ids=lambda one: one.stem)
def client(request: pytest.FixtureRequest) -> Client:
    found: Client = request.param
    return found


def _installed(client: Client) -> dict[str, Any]:
    """Version and public methods, asked of the client itself."""
    program, _ = command_of(client)
    is_npm = client.registry == "npm"
    script = str(SCRIPTS / ("list_methods.cjs" if is_npm else "list_methods.py"))
    done = subprocess.run(
        [program, script, *([] if is_npm else [client.stem])],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": os.environ["PATH"], "CLIENT_HOME": str(INSTALLED / "node")},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.long  # what is installed is asked
def test_a_table_has_every_public_method_of_the_installed_version(client: Client) -> None:
    installed = _installed(client)
    assert installed["version"] == client.version
    names = [method.name for method in client.methods]
    assert sorted(set(names)) == sorted(names)
    assert set(names) - {CREDENTIALS} == set(installed["methods"])


def test_every_mapped_method_is_served(client: Client) -> None:
    missing = {
        f"{method.name}: {route}"
        for method in client.mapped
        for route in method.sends
        if same_route(route) not in served()
    }
    assert missing == set()
    assert [method.name for method in client.mapped if not method.sends] == []


def test_no_method_is_left_out_whose_routes_are_served(client: Client) -> None:
    assert {
        method.name
        for method in client.methods
        if method.left_out and method.sends and all(same_route(route) in served() for route in method.sends)
    } == set()


@pytest.mark.parametrize(
    ("route", "verb", "path", "expected"),
    [
        ("GET /users/{user}", "GET", "/API/v3/users/UR_1", True),
        ("GET /users/{user}", "GET", "/API/v3//users/UR_1/?offset=3", True),
        ("GET /users/{user}", "DELETE", "/API/v3/users/UR_1", False),
        ("GET /users/{user}", "GET", "/API/v3/users/UR_1/apitoken", False),
        ("GET /users", "GET", "/API/v3/users/", True),
        ("GET /users", "GET", "/users", False),
    ],
)
def test_a_request_fits_its_route(route: str, verb: str, path: str, expected: bool) -> None:
    assert fits(route, verb, path) is expected
