"""Runs inside a client's own environment, with the standard library alone: calls methods and says, a line each, how they went.

    call("MailingList.create_list", lambda: lists.create_list(name="Berlin"), lambda got: got[0] == "Berlin")

calls, looks at what came back, and returns it. A line holds the method, what it sent (from the record of the proxy), and what was
wrong: an exception, or what came back instead. One method that fails does not stop the others.
"""

import contextlib
import io
import json
import os
import sys
import traceback
from pathlib import Path

WORLD = json.loads(os.environ["CLIENT_WORLD"])
WANTED = frozenset(json.loads(os.environ["CLIENT_METHODS"]))
_RECORD = Path(os.environ["CLIENT_RECORD"])
_OUT = sys.stdout


def call(method, ask, check):
    """What ``ask`` returned; None if it raised, or the table leaves the method out. ``check`` of it has to be true."""
    if method not in WANTED:
        return None
    begin = _RECORD.stat().st_size
    got, wrong, sent = None, "", []
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                got = ask()
            finally:
                sent = _sent_since(begin)  # what the check asks for is no part of it
            if not check(got):
                wrong = f"came back: {got!r}"[:1500]
    except Exception:
        wrong = f"{traceback.format_exc(limit=-4)}\ncame back: {got!r}"[-2500:]
    if wrong:
        wrong += f"\nsaid: {said.getvalue()[-1000:]}"
    _OUT.write(json.dumps({"method": method, "sent": sent, "wrong": wrong}) + "\n")
    _OUT.flush()
    return got


def _sent_since(begin):
    with _RECORD.open() as record:
        record.seek(begin)
        return record.read().splitlines()
