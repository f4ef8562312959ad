"""What programs and files of a running system say: systemd, the journal, smartctl, accounts, packages, certificates."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from opulse.agent.linux.accounts import Accounts
from opulse.agent.linux.certificates import Certificates, end_of_validity
from opulse.agent.linux.journal import Journal
from opulse.agent.linux.logons import list_logons
from opulse.agent.linux.packages import Packages
from opulse.agent.linux.services import Services
from opulse.agent.linux.smart import Smart
from opulse.agent.programs import Patience
from tests.unit.agent.looking import Look


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that come before the system's own: no machine of ours runs systemd or has a drive that fails."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder


def program(folder: Path, name: str, script: str) -> None:
    write(folder / name, f"#!/bin/sh\n{script}\n").chmod(0o755)


# -- systemd ---------------------------------------------------------------------------------------------------------------

SYSTEMCTL = """
case "$1" in
  list-units) printf 'nginx.service loaded failed failed A web server\\nbackup.mount loaded failed failed /backup\\n' ;;
  show) printf 'Id=nginx.service\\nNRestarts=%s\\n\\nId=ssh.service\\nNRestarts=0\\n' "$(cat {restarts})" ;;
  list-timers) cat {timers} ;;
esac"""


def test_failed_units_restarting_services_and_late_timers(stand_in: Path, tmp_path: Path) -> None:
    restarts, timers = write(tmp_path / "restarts", "2"), tmp_path / "timers"
    program(stand_in, "systemctl", SYSTEMCTL.format(restarts=restarts, timers=timers))
    now = time.time()
    next_times = [
        {"next": int((now - 7200) * 1e6), "unit": "logrotate.timer", "activates": "logrotate.service"},
        {"next": int((now + 7200) * 1e6), "unit": "apt-daily.timer", "activates": "apt-daily.service"},
        {"next": None, "unit": "once.timer", "activates": "once.service"},
    ]
    timers.write_text(json.dumps(next_times))
    look = Look([Services(tmp_path)])
    assert look.instances("Failed Unit") == {"nginx.service", "backup.mount"}
    assert look.is_past("Failed Unit", "nginx.service")
    assert look.instances("Service Restarting") == set(), (
        "restarts before the agent's first look are not counted"
    )
    restarts.write_text("7")
    assert look.value("Service Restarting", "nginx.service") == 5
    assert look.instances("Service Restarting") == {"nginx.service"}
    assert look.is_past("Timer Late", "logrotate.timer")
    assert look.value("Timer Late", "apt-daily.timer") == 0
    assert look.instances("Timer Late") == {"logrotate.timer", "apt-daily.timer"}


def test_a_system_without_systemd_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Look([Services(tmp_path)]).reason("Failed Unit") == "this system is not run by systemd"
    assert Look([Journal()]).reason("Journal Errors") == "journalctl is not installed"
    assert Look([Smart()]).reason("Drive Failing By Its Own Word") == "smartctl is not installed"


def test_tables_for_cron_without_a_cron(tmp_path: Path) -> None:
    look = Look([Services(tmp_path)])
    assert "no tables for cron" in look.reason("Cron Missing")
    write(tmp_path / "etc/cron.d/.placeholder", "")
    assert "no tables for cron" in look.reason("Cron Missing")
    write(tmp_path / "etc/cron.d/backup", "0 3 * * * root /usr/bin/backup\n")
    pretended = tmp_path / "fcron"
    pretended.symlink_to(sys.executable)
    with subprocess.Popen([str(pretended), "-S", "-c", "input()"], stdin=subprocess.PIPE) as running:
        assert look.value("Cron Missing") is False
        running.communicate(b"\n")
    there = {process.info["name"] for process in psutil.process_iter(["name"])}
    assert look.value("Cron Missing") is not bool(there & {"cron", "crond"})


# -- the journal -----------------------------------------------------------------------------------------------------------


def test_messages_of_the_journal_by_weight_and_by_program(stand_in: Path) -> None:
    line = '{{"SYSLOG_IDENTIFIER":"{}","MESSAGE":"no"}}'.format
    program(
        stand_in,
        "journalctl",
        f"""case "$*" in
          *--priority=2*) echo '{line("kernel")}' ;;
          *--priority=3*) echo '{line("sshd")}'; echo '{line("sshd")}'; echo '{line("kernel")}' ;;
        esac""",
    )
    look = Look([Journal()])
    assert look.value("Journal Errors") == 3
    assert look.value("Journal Critical Messages") == 1
    assert look.is_past("Journal Critical Messages")
    assert look.value("Journal Errors Of One Program", "sshd") == 2


def test_a_journal_without_errors_is_not_one_that_is_not_kept(stand_in: Path) -> None:
    program(stand_in, "journalctl", 'case "$*" in *--priority*) ;; *) echo \'{"MESSAGE":"fine"}\' ;; esac')
    assert Look([Journal()]).value("Journal Errors") == 0
    program(stand_in, "journalctl", "echo 'No journal files were found.' >&2")
    assert Look([Journal()]).reason("Journal Errors") == "this system keeps no journal"


# -- drives ----------------------------------------------------------------------------------------------------------------

SATA = {
    "smart_status": {"passed": False},
    "ata_smart_attributes": {"table": [{"id": 5, "name": "Reallocated_Sector_Ct", "raw": {"value": 48}}]},
}
NVME = {"smart_status": {"passed": True}, "nvme_smart_health_information_log": {"percentage_used": 97}}


def test_what_drives_say_of_themselves(stand_in: Path, tmp_path: Path) -> None:
    script = f"""case "$*" in
      */dev/sda) echo '{json.dumps(SATA)}'; exit 24 ;;
      */dev/nvme0n1) echo '{json.dumps(NVME)}' ;;
      *) echo '{{}}'; exit 2 ;;
    esac"""
    program(stand_in, "smartctl", script)
    for name in ("sda", "nvme0n1", "sdb", "loop0"):
        (tmp_path / "block" / name).mkdir(parents=True)
    look = Look([Smart(tmp_path)])
    assert look.is_past("Drive Failing By Its Own Word", "sda")
    assert look.value("Drive Failing By Its Own Word", "nvme0n1") is False
    assert look.instances("Drive Failing By Its Own Word") == {"sda", "nvme0n1"}
    assert look.is_past("Solid-State Drive Worn", "nvme0n1")
    assert look.value("Drive Sectors Replaced", "sda") == 48


# -- accounts --------------------------------------------------------------------------------------------------------------

UTMP = struct.Struct("<h2xi32s4s32s256shhiii16x20x")


def record(kind: int, user: str, at: datetime) -> bytes:
    return UTMP.pack(kind, 1, b"tty1", b"1", user.encode(), b"", 0, 0, 0, int(at.timestamp()), 0)


def estate(root: Path) -> None:
    write(root / "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nmaya:x:1000:1000::/home/maya:/bin/sh\n")
    write(root / "etc/group", "root:x:0:\nsudo:x:27:maya\nusers:x:100:maya,tom\n")
    (root / "var/log").mkdir(parents=True)


def test_the_records_of_glibc_are_384_bytes_long() -> None:
    assert UTMP.size == 384


def test_somebody_who_becomes_an_administrator_is_an_event(tmp_path: Path) -> None:
    estate(tmp_path)
    look = Look([Accounts(tmp_path)])
    assert look.value("User or Group Add to Local Admin") == 0
    write(tmp_path / "etc/group", "root:x:0:\nsudo:x:27:maya,tom\nusers:x:100:maya,tom,ann\n")
    look.sample()
    assert look.value("User or Group Add to Local Admin") == 1
    passwd = (tmp_path / "etc/passwd").read_text()
    write(tmp_path / "etc/passwd", passwd + "toor:x:0:0::/root:/bin/sh\n")
    look.sample()
    assert look.value("User or Group Add to Local Admin") == 2
    write(tmp_path / "etc/group", "root:x:0:\nsudo:x:27:\n")
    look.sample()
    assert look.value("User or Group Add to Local Admin") == 2


def test_passwords_that_end(tmp_path: Path) -> None:
    estate(tmp_path)
    today = (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    write(
        tmp_path / "etc/shadow",
        f"root:*:{today}:0:99999:7:::\nmaya:$y$abc:{today - 85}:0:90:7:::\ntom:$y$abc:{today}:0:99999:7:::\n"
        f"locked:!$y$abc:{today}:0:10:7:::\nnever:$y$abc::0:90:7:::\n",
    )
    look = Look([Accounts(tmp_path)])
    assert look.instances("Local Password Expiration") == {"maya"}
    assert look.value("Local Password Expiration", "maya") == 5
    assert look.is_past("Local Password Expiration", "maya")


def test_starts_and_failed_logons_of_the_last_hours(tmp_path: Path) -> None:
    estate(tmp_path)
    now = datetime.now(UTC)
    wtmp, btmp = tmp_path / "var/log/wtmp", tmp_path / "var/log/btmp"
    wtmp.write_bytes(record(7, "maya", now))
    btmp.write_bytes(b"".join(record(6, "maya", now - timedelta(minutes=minute)) for minute in (1, 2, 90)))
    look = Look([Accounts(tmp_path)])
    assert "does not note its starts" in look.reason("Frequent Restarts")
    starts = [now - timedelta(days=2), *(now - timedelta(minutes=minute) for minute in (50, 30, 10))]
    wtmp.write_bytes(b"".join(record(2, "reboot", at) for at in starts) + b"torn")
    assert look.value("Frequent Restarts") == 3
    assert look.is_past("Frequent Restarts")
    assert look.value("Failed Logons") == 2
    btmp.unlink()
    assert "No such file" in look.reason("Failed Logons")


def test_who_is_logged_on_where_only_systemd_knows(stand_in: Path) -> None:
    sessions = [
        {"session": "2", "uid": 1000, "user": "maya", "seat": "seat0", "class": "user"},
        {"session": "3", "uid": 1000, "user": "maya", "seat": None},
        {"session": "c1", "uid": 113, "user": "gdm", "seat": "seat0"},
        {"session": "4", "uid": 1001, "user": "tom", "class": "manager"},
    ]
    if list_logons():
        pytest.skip("somebody is logged on here, whom utmp knows")
    program(stand_in, "loginctl", f"echo '{json.dumps(sessions)}'")
    assert [logon.user for logon in list_logons()] == ["maya"]
    assert Look([Accounts()]).value("Users Logged On") == 1
    program(stand_in, "loginctl", "echo 'Host is down' >&2; exit 1")
    assert list_logons() == []


# -- packages and the system's disk ------------------------------------------------------------------------------------------


def test_packages_that_are_half_there_and_lists_that_are_old(tmp_path: Path) -> None:
    status = "Package: {}\nStatus: install ok {}\n\n".format
    path = write(tmp_path / "var/lib/dpkg/status", status("a", "installed") + status("b", "half-configured"))
    lists = tmp_path / "var/lib/apt/lists"
    write(lists / "list", "x")
    for entry in (lists / "list", lists):
        os.utime(entry, (time.time() - 20 * 86_400,) * 2)
    write(tmp_path / "etc/os-release", 'ID=debian\nSUPPORT_END="2020-01-31"\n')
    look = Look([Packages(tmp_path)])
    assert look.value("Packages Half Installed") == 1
    assert look.value("Package Lists Old") == pytest.approx(20, abs=0.1)
    assert look.is_past("Package Lists Old")
    assert look.is_past("Distribution Support Ends")
    path.write_text(status("a", "installed") + status("b", "installed"))
    os.utime(path, (time.time() + 5,) * 2)
    assert look.value("Packages Half Installed") == 0
    elsewhere = Look([Packages(tmp_path / "none")])
    assert "not kept by dpkg" in elsewhere.reason("Packages Half Installed")
    write(tmp_path / "etc/os-release", "ID=debian\n")
    assert "does not say" in look.reason("Distribution Support Ends")


def test_a_layer_of_encryption_anywhere_below_the_systems_volume(tmp_path: Path) -> None:
    number = tmp_path.stat().st_dev
    device = tmp_path / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
    look = Look([Packages(tmp_path)])
    assert "on no drive" in look.reason("System Disk Not Encrypted")
    write(device / "dm/uuid", "LVM-abc\n")
    assert look.value("System Disk Not Encrypted") is True
    write(device / "slaves/dm-0/dm/uuid", "CRYPT-LUKS2-abc\n")
    assert look.value("System Disk Not Encrypted") is False


# -- certificates ------------------------------------------------------------------------------------------------------------


def certificate(until: datetime) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = made.serial_number(x509.random_serial_number()).not_valid_before(until - timedelta(days=3650))
    return dated.not_valid_after(until).sign(key, hashes.SHA256())


@pytest.mark.parametrize("year", [2026, 2049, 2050, 2199])
def test_the_end_of_a_real_certificate_is_read(year: int) -> None:
    """Up to 2049 the year has two digits, later four."""
    until = datetime(year, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert end_of_validity(certificate(until).public_bytes(Encoding.DER)) == until


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x03\x02\x01\x01", b"\x30\x82\xff\xff", b"nothing of the kind" * 9]
)
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="certificate"):
        end_of_validity(data)


def test_the_systems_own_certificates_and_not_those_of_authorities(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    soon, late = certificate(now + timedelta(days=5, hours=1)), certificate(now + timedelta(days=300))
    chain = soon.public_bytes(Encoding.PEM) + late.public_bytes(Encoding.PEM)
    own = tmp_path / "etc/letsencrypt/live/example.com/cert.pem"
    own.parent.mkdir(parents=True)
    own.write_bytes(chain)
    authority = tmp_path / "usr/share/ca-certificates/old.crt"
    authority.parent.mkdir(parents=True)
    authority.write_bytes(certificate(now - timedelta(days=900)).public_bytes(Encoding.PEM))
    linked = tmp_path / "etc/ssl/certs/old.pem"
    linked.parent.mkdir(parents=True)
    linked.symlink_to(authority)
    write(tmp_path / "etc/ssl/certs/notes.pem", "no certificate")
    write(
        tmp_path / "etc/ssl/certs/broken.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    look = Look([Certificates(tmp_path)])
    assert look.instances("Certificate File About To Expire") == {str(own)}
    assert look.value("Certificate File About To Expire", str(own)) == 5
    assert look.is_past("Certificate Expiry")
    own.write_bytes(late.public_bytes(Encoding.PEM))
    os.utime(own, (time.time() + 5,) * 2)
    assert int(look.value("Certificate Expiry")) in (299, 300)
    assert "was found" in Look([Certificates(tmp_path / "none")]).reason("Certificate Expiry")


# -- patience ----------------------------------------------------------------------------------------------------------------


def test_a_look_that_hangs_is_not_begun_twice() -> None:
    begun: list[int] = []

    def hang() -> None:
        begun.append(1)
        time.sleep(0.5)

    patience = Patience(0.05)
    assert not patience.answers("server", hang)
    assert not patience.answers("server", hang)
    assert len(begun) == 1
    assert patience.answers("other", lambda: None)
