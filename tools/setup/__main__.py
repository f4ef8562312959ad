"""Sets a checkout up: ``python tools/setup demo|check|test|long|bench|debian``.

Quick when nothing changed; speaks on stderr only.

demo   .venv with the runtime packages, the page assets. Needs no root.
check  .venv with the development packages.
test   both, and the Debian packages whose programs the suite runs (PostgreSQL, Postfix, Chromium, fonts), and Alertmanager,
       unpacked into build/peers.
long   the same as for test, and the public Qualtrics clients that `make test-long` calls, into build/clients: one of them needs
       pandas, and nothing of them is needed by `make test`.
bench  the same as for test, and what ours is measured beside (wrk).
debian the Debian packages of the suite alone, for `sudo`.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import clients
import debian
import page_assets
import python_env
from steps import BUILD, SetUpError, say

PURPOSES = ("demo", "check", "test", "long", "bench", "debian")


def set_up(purpose: str) -> None:
    if purpose in ("test", "long", "bench"):
        debian.ensure_packages(
            peers=purpose == "bench"
        )  # first: it is the step that a person may have to act on
        debian.ensure_alertmanager()
    installer = python_env.ensure("base" if purpose == "demo" else "dev")
    if purpose != "check":
        page_assets.ensure(installer)
    if purpose == "long":
        clients.ensure(installer)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in PURPOSES:
        say(f"usage: python tools/setup {'|'.join(PURPOSES)}")
        return 2
    try:
        if arguments[0] == "debian":  # run with sudo: it leaves no file of root's in the checkout
            debian.ensure_packages()
        else:
            with _alone():
                set_up(arguments[0])
    except SetUpError as failure:
        say(str(failure))
        return 1
    return 0


@contextmanager
def _alone() -> Iterator[None]:
    """`make demo` beside `make test` in one checkout: the second waits, then finds everything done."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
