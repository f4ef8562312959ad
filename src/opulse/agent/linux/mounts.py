"""File systems that are not as they should be: read-only, not mounted, silent, with errors; and RAIDs that miss a drive."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from opulse.agent.programs import Patience
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading

_LOCAL = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "nilfs2", "vfat", "exfat", "ntfs3", "zfs"}
)
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "ceph", "9p", "afs"})
_PATIENCE_SECONDS = 5.0


class _Mount(NamedTuple):
    device: str
    folder: str
    kind: str
    options: frozenset[str]


class Mounts:
    """What ``/proc/mounts`` and ``/etc/fstab`` say, and what the file systems answer."""

    def __init__(
        self, proc: Path = Path("/proc"), sys: Path = Path("/sys"), fstab: Path = Path("/etc/fstab")
    ) -> None:
        self._mounts = proc / "self/mounts"
        self._sys = sys
        self._fstab = fstab
        self._patience = Patience(_PATIENCE_SECONDS)
        self._were_writable: set[tuple[str, str]] = set()

    def sample(self) -> None:
        self._were_writable |= {
            (mount.device, mount.folder) for mount in self._now() if "rw" in mount.options
        }

    def measures(self) -> Mapping[str, Measure]:
        return {
            "disk.became_read_only": self._read_only,
            "disk.mount_missing": self._missing,
            "disk.network_volume_silent": self._silent,
            "disk.ext4_error_count": self._ext4_errors,
            "disk.raid_missing_count": self._raid_missing,
            "disk.raid_rebuilding": self._raid_rebuilding,
        }

    def _read_only(self, _: Question) -> Readings:
        """Local volumes that were writable, or should be by ``/etc/fstab``, and are not. Others are read-only on purpose."""
        meant = {mount.folder for mount in self._planned() if "ro" not in mount.options}
        found: dict[str, Reading] = {}
        for mount in self._now():
            if mount.kind in _LOCAL:
                writable = "rw" in mount.options
                if writable or (mount.device, mount.folder) in self._were_writable or mount.folder in meant:
                    found[mount.folder] = Measured(not writable)
        return found

    def _missing(self, _: Question) -> Readings:
        there = {mount.folder for mount in self._now()}
        return {
            mount.folder: Measured(mount.folder not in there)
            for mount in self._planned()
            if "noauto" not in mount.options
        }

    def _silent(self, _: Question) -> Readings:
        folders = [mount.folder for mount in self._now() if mount.kind in _REMOTE]
        return {
            folder: Measured(not self._patience.answers(folder, partial(os.statvfs, folder)))
            for folder in folders
        }

    def _ext4_errors(self, _: Question) -> Readings:
        """Errors since the last check of the file system, which itself remembers them."""
        counts = (self._sys / "fs/ext4").glob("*/errors_count")
        return {path.parent.name: Measured(int(path.read_text())) for path in sorted(counts)}

    def _raid_missing(self, _: Question) -> Readings:
        counts = (self._sys / "block").glob("md*/md/degraded")
        return {path.parts[-3]: Measured(int(path.read_text())) for path in sorted(counts)}

    def _raid_rebuilding(self, _: Question) -> Readings:
        actions = (self._sys / "block").glob("md*/md/sync_action")
        return {
            path.parts[-3]: Measured(path.read_text().strip() in ("resync", "recover", "reshape"))
            for path in sorted(actions)
        }

    def _now(self) -> Iterator[_Mount]:
        return _read(self._mounts)

    def _planned(self) -> Iterator[_Mount]:
        if self._fstab.exists():
            yield from (mount for mount in _read(self._fstab) if mount.folder.startswith("/"))


def _read(path: Path) -> Iterator[_Mount]:
    for line in path.read_text().splitlines():
        fields = line.split()
        if len(fields) >= 4 and not line.lstrip().startswith("#"):
            folder = fields[1].encode("latin-1", "backslashreplace").decode("unicode_escape")
            yield _Mount(fields[0], folder, fields[2], frozenset(fields[3].split(",")))
