"""The tree builds from any mirror and on any machine: it names no package registry and no folder of one machine."""

from __future__ import annotations

import re

from tests.house.tree import ROOT, tracked_files

# Written so that this file does not contain what it looks for.
HOSTS = re.compile(
    rb"p[y]pi\.org|python[h]osted|registry\.npm[j]s|npm[j]s\.com|(?:deb|security)\.deb[i]an|archive\.ub[u]ntu"
)
FOLDERS = re.compile(rb"(?<![\w.])/(?:w[o]rk|f[a]rm|r[o]ot|home/[a-z]+)/")
BINARY = {".png", ".woff2", ".ico", ".gz", ".jpg"}


def test_no_registry_hosts_and_no_machine_paths() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        if path.suffix not in BINARY
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if HOSTS.search(line) or FOLDERS.search(line)
    ]
    assert found == []
