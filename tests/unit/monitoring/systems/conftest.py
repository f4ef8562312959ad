"""``console``: the application in process with a signed-in browser of each role, as the tests of the edges have it."""

from tests.edges.conftest import console, quick_passwords

__all__ = ["console", "quick_passwords"]
