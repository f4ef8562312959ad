"""Sets a checkout up: ``python tools/setup demo|check|test``. Quick when nothing changed; speaks on stderr only.

demo   .venv with the runtime packages, the page assets. Needs no root.
check  .venv with the development packages.
test   both, and the Debian packages whose programs the suite runs (PostgreSQL, Postfix, Chromium, fonts).
"""

from __future__ import annotations

import fcntl
import sys

import assets
import debian
import python_env
from steps import BUILD, SetUpError, say


def set_up(purpose: str) -> None:
    if purpose == "test":
        debian.ensure_packages()  # first: it is the step that a person may have to act on
    installer = python_env.ensure("base" if purpose == "demo" else "dev")
    if purpose != "check":
        assets.ensure(installer)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in ("demo", "check", "test"):
        say("usage: python tools/setup demo|check|test")
        return 2
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        # `make demo` beside `make test` in one checkout: the second waits, then finds everything done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            set_up(arguments[0])
        except SetUpError as failure:
            say(str(failure))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
