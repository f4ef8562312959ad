"""What the kernel writes and keeps, in its own words: lines of its log, files of ``/proc`` and ``/sys`` as machines have them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from opulse.agent.counters import EventCounts
from opulse.agent.linux.adapters import Adapters
from opulse.agent.linux.hardware import Hardware
from opulse.agent.linux.kernel_log import FAULTS, KernelLog, Record, count_faults, read_records
from opulse.agent.linux.kernel_state import KernelState
from opulse.agent.linux.memory import Memory
from opulse.agent.linux.mounts import Mounts
from opulse.agent.linux.processor import Processor
from opulse.agent.linux.reachability import Reachability
from opulse.agent.sources import Readings
from opulse.catalogue import Measured, Unavailable
from tests.unit.agent.looking import Look

NO_LOG = not os.access("/dev/kmsg", os.R_OK | os.W_OK)

LINES = {
    "kernel.oops_count": [
        "BUG: kernel NULL pointer dereference, address: 0000000000000010",
        "Oops: 0000 [#1] PREEMPT SMP NOPTI",
        "general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] SMP",
        "kernel BUG at mm/slub.c:379!",
    ],
    "kernel.warning_count": [
        "WARNING: CPU: 3 PID: 2217 at drivers/gpu/drm/i915/intel_pm.c:3142 skl_update+0x1/0x2"
    ],
    "kernel.hung_task_count": ["INFO: task rsync:12345 blocked for more than 120 seconds."],
    "kernel.soft_lockup_count": ["watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:1:42]"],
    "kernel.rcu_stall_count": [
        "rcu: INFO: rcu_sched self-detected stall on CPU",
        "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    ],
    "hardware.machine_check_count": [
        "mce: [Hardware Error]: Machine check events logged",
        "{1}[Hardware Error]: Hardware error from APEI",
    ],
    "hardware.overheat_count": [
        "CPU2: Core temperature above threshold, cpu clock throttled (total events = 5)"
    ],
    "hardware.usb_error_count": [
        "usb 1-2: device descriptor read/64, error -71",
        "usb 1-2: device not accepting address 4, error -71",
    ],
    "disk.transfer_error_count": [
        "I/O error, dev sda, sector 1234 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0",
        "blk_update_request: I/O error, dev sda, sector 2048",
        "Buffer I/O error on dev sda, logical block 0, async page read",
        "critical medium error, dev sda, sector 4711 op 0x0:(READ)",
    ],
    "disk.reset_count": [
        "ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen",
        "ata1: hard resetting link",
    ],
    "disk.file_system_error_count": [
        "EXT4-fs error (device sda1): ext4_lookup:1855: inode #2: comm ls: deleted inode referenced: 12",
        "XFS (sda1): Metadata corruption detected at xfs_agf_read_verify+0x70/0x110",
        "BTRFS error (device sda1): parent transid verify failed on 123 wanted 5 found 4",
    ],
    "memory.killed_program_count": [
        "Out of memory: Killed process 4711 (java) total-vm:211880kB, anon-rss:19328kB",
        "Memory cgroup out of memory: Killed process 23329 (java) total-vm:211880kB, anon-rss:19328kB",
    ],
    "net.transmit_hang_count": [
        "NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out",
        "e1000e 0000:00:1f.6 NETDEV WATCHDOG: CPU: 2: eth0 (e1000e): transmit queue 0 timed out 5000 ms",
    ],
    "net.syn_flood_count": ["TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies."],
    "net.conntrack_full_count": ["nf_conntrack: nf_conntrack: table full, dropping packet"],
    "net.file_server_silent_count": ["nfs: server nas.example.com not responding, still trying"],
    "time.clock_source_unstable_count": [
        "clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable because the skew is too large:"
    ],
}
"""By measure, records as kernels write them (their printk formats); all of one measure are about the same thing."""

THINGS = {
    "disk.transfer_error_count": "sda",
    "disk.file_system_error_count": "sda1",
    "memory.killed_program_count": "java",
    "net.transmit_hang_count": "eth0",
    "net.file_server_silent_count": "nas.example.com",
}
HARMLESS = (
    "EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.",
    "clocksource: Switched to clocksource tsc",
    "usb 1-2: new high-speed USB device number 4 using xhci_hcd",
    "e1000e 0000:00:1f.6 eth0: NIC Link is Up 1000 Mbps Full Duplex",
    "traps: python3[4711] general protection fault ip:7f00 sp:7ffd error:0 in libc.so.6",
    "python3[4711]: segfault at 1 ip 00007f sp 00007ff error 4 in libc.so.6",
    "ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
    "nfs: server nas.example.com OK",
)


def test_every_fault_has_lines_of_its_own() -> None:
    assert LINES.keys() == FAULTS.keys()


@pytest.mark.parametrize("source", FAULTS)
def test_a_fault_is_known_by_the_kernels_words_and_no_other_fault_takes_them(source: str) -> None:
    records = [Record(1.0, 0, line) for line in LINES[source]]
    found = count_faults(FAULTS[source], records)
    if not FAULTS[source].instanced:
        assert found == Measured(len(records))
    elif source in THINGS:
        assert found == {THINGS[source]: Measured(len(records))}
    else:
        assert isinstance(found, dict)
        assert found
    for other, fault in FAULTS.items():
        if other != source:
            assert count_faults(fault, records) in (Measured(0), {}), other


@pytest.mark.parametrize("source", FAULTS)
def test_harmless_lines_and_lines_of_programs_count_for_nothing(source: str) -> None:
    nothing: Readings = {} if FAULTS[source].instanced else Measured(0)
    assert count_faults(FAULTS[source], [Record(1.0, 0, line) for line in HARMLESS]) == nothing
    written_by_a_program = [Record(1.0, 1, line) for line in LINES[source]]
    assert count_faults(FAULTS[source], written_by_a_program) == nothing


@pytest.mark.skipif(NO_LOG, reason="only root may write the kernel's log")
def test_what_a_program_writes_into_the_real_log_is_not_believed() -> None:
    line = f"INFO: task opulse-{time.monotonic_ns()}:1 blocked for more than 120 seconds."
    if Path("/proc/sys/kernel/printk_devkmsg").read_text().strip() == "off":
        pytest.skip("this kernel takes nothing from programs into its log")
    if not isinstance(Look([KernelLog()]).at("Kernel Oops"), Measured):
        pytest.skip("this machine lets nobody read the kernel's log")
    Path("/dev/kmsg").write_text(line + "\n")
    found = [record for record in read_records(Path("/dev/kmsg")) if record.message == line]
    assert [record.facility for record in found] != []
    assert all(record.facility != 0 for record in found)


def test_a_log_that_may_not_be_read_is_a_reason(tmp_path: Path) -> None:
    assert "cannot be read" in Look([KernelLog(tmp_path / "no-log")]).reason("Kernel Oops")


# -- counters of events ---------------------------------------------------------------------------------------------------


def test_events_are_counted_within_the_window_and_survive_a_reset() -> None:
    counts = EventCounts()
    with pytest.raises(ValueError, match="two samples"):
        counts.within(60)
    for minute, value in enumerate((10.0, 10.0, 12.0, 12.0, 3.0, 4.0)):
        counts.note(minute * 60.0, {"kills": value})
    assert counts.within(3600) == {"kills": 3}
    assert counts.within(61) == {"kills": 1}
    assert counts.within(30) == {"kills": 1}


def test_between_two_kept_minutes_the_newest_sample_counts() -> None:
    counts = EventCounts()
    for second in range(0, 200, 15):
        counts.note(float(second), {"kills": float(second // 15)})
    assert counts.within(3600) == {"kills": 13}


def test_a_day_is_remembered_and_no_more() -> None:
    counts = EventCounts()
    for hour in range(48):
        counts.note(hour * 3600.0, {"kills": float(hour)})
    assert counts.within(10 * 86_400) == {"kills": 24}


# -- /proc and /sys as other machines have them ---------------------------------------------------------------------------


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


STAT = "cpu  {busy} 0 100 {idle} 50 0 0 {steal} 0 0\ncpu0 {busy} 0 100 0 50 0 0 0 0 0\ncpu1 0 0 0 {idle} 0 0 0 0 0 0\n" \
    "intr 5 1\nctxt 9\nbtime 1\nprocesses 3\nprocs_running 2\nprocs_blocked 4\n"  # fmt: skip


def test_stolen_time_and_the_busiest_processor(tmp_path: Path) -> None:
    write(tmp_path / "proc/stat", STAT.format(busy=0, idle=0, steal=0))
    write(tmp_path / "proc/loadavg", "0.1 6.0 0.1 1/100 1\n")
    cpu = tmp_path / "sys/devices/system/cpu"
    write(cpu / "present", "0-7\n")
    write(cpu / "online", "0-3,6\n")
    throttled = write(cpu / "cpu0/thermal_throttle/core_throttle_count", "5\n")
    look = Look([Processor(tmp_path / "proc", tmp_path / "sys")])
    write(tmp_path / "proc/stat", STAT.format(busy=600, idle=300, steal=100))
    look.sample()
    assert look.value("VM Ready Time") == 10.0
    assert look.is_past("VM Ready Time")
    assert look.value("One Processor Busy") == 100.0
    assert look.value("Blocked Processes") == 4
    assert look.value("Processors Offline") == 3
    assert look.value("Load Per Processor") == round(6.0 / (os.cpu_count() or 1), 2)
    assert look.value("CPU Throttle with High Temp") is False
    throttled.write_text("9\n")
    look.sample()
    assert look.value("CPU Throttle with High Temp") is True


def test_promises_of_memory_against_their_limit_only_where_there_is_one(tmp_path: Path) -> None:
    write(
        tmp_path / "meminfo",
        "MemTotal: 1000 kB\nCommitted_AS: 950 kB\nCommitLimit: 1000 kB\n"
        "HardwareCorrupted: 4 kB\nDirty: 100 kB\nWriteback: 100 kB\n",
    )
    write(tmp_path / "vmstat", "pgfault 1\noom_kill 2\n")
    mode = write(tmp_path / "sys/vm/overcommit_memory", "0\n")
    look = Look([Memory(tmp_path)])
    assert "without a limit" in look.reason("% Committed")
    mode.write_text("2\n")
    assert look.value("% Committed") == 95.0
    assert look.is_past("% Committed (Red)")
    assert look.value("Broken Memory Taken Out") == 4096
    assert look.value("Unwritten Data") == 20.0
    write(tmp_path / "vmstat", "pgfault 1\noom_kill 5\n")
    look.sample()
    assert look.value("Out Of Memory Kills") == 3


@pytest.mark.parametrize(
    ("tainted", "fault", "foreign"),
    [
        (0, False, False),
        (1 << 7, True, False),
        (1 << 0 | 1 << 12, False, True),
        (1 << 9 | 1 << 13, True, True),
    ],
)
def test_the_kernels_taint_is_taken_apart(tmp_path: Path, tainted: int, fault: bool, foreign: bool) -> None:
    write(tmp_path / "sys/kernel/tainted", f"{tainted}\n")
    look = Look([KernelState(tmp_path)])
    assert look.value("Kernel Tainted By A Fault") is fault
    assert look.value("Foreign Kernel Module") is foreign


def test_tables_that_fill_up(tmp_path: Path) -> None:
    for name, text in {
        "sys/fs/file-nr": "900 100 1000\n",
        "loadavg": "0 0 0 1/500 9\n",
        "sys/kernel/pid_max": "4000000\n",
        "sys/kernel/threads-max": "1000\n",
        "sys/kernel/pty/nr": "30\n",
        "sys/kernel/pty/max": "40\n",
        "sys/fs/aio-nr": "0\n",
        "sys/fs/aio-max-nr": "0\n",
        "sys/net/netfilter/nf_conntrack_count": "9\n",
        "sys/net/netfilter/nf_conntrack_max": "10\n",
        "sys/kernel/random/entropy_avail": "100\n",
    }.items():
        write(tmp_path / name, text)
    look = Look([KernelState(tmp_path)])
    assert look.value("File Descriptors Used") == 80.0
    assert look.value("Process Ids Used") == 50.0
    assert look.value("Terminals Used") == 75.0
    assert look.value("Connection Tracking Table Use") == 90.0
    assert look.is_past("Low Entropy")
    assert look.reason("Asynchronous Requests Used") == "no limit is set"
    assert "tracks no connections" in Look([KernelState(tmp_path / "none")]).reason(
        "Connection Tracking Table Use"
    )


def test_safeguards_and_clocks(tmp_path: Path) -> None:
    look = Look([KernelState(sys=tmp_path)])
    assert "neither SELinux nor AppArmor" in look.reason("Mandatory Access Control Off")
    write(tmp_path / "module/apparmor/parameters/enabled", "Y\n")
    assert look.value("Mandatory Access Control Off") is False
    write(tmp_path / "fs/selinux/enforce", "0\n")
    assert look.value("Mandatory Access Control Off") is True
    clock = write(tmp_path / "devices/system/clocksource/clocksource0/current_clocksource", "tsc\n")
    assert look.value("Slow Clock Source") is False
    clock.write_text("hpet\n")
    assert look.value("Slow Clock Source") is True


def test_a_raid_that_misses_a_drive_and_one_that_is_made_whole(tmp_path: Path) -> None:
    md = tmp_path / "sys/block/md0/md"
    write(md / "degraded", "1\n")
    write(md / "sync_action", "recover\n")
    look = Look([Mounts(sys=tmp_path / "sys")])
    assert look.is_past("RAID Degraded", "md0")
    assert look.value("RAID Rebuilding", "md0") is True
    write(md / "degraded", "0\n")
    write(md / "sync_action", "idle\n")
    assert look.value("RAID Degraded", "md0") == 0
    assert look.value("RAID Rebuilding", "md0") is False


def adapter(tmp_path: Path, **values: str) -> None:
    for name in ("rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "rx_bytes", "tx_bytes"):
        write(tmp_path / "class/net/eth0/statistics" / name, values.get(name, "0") + "\n")
    usual_values = {"flags": "0x1003", "operstate": "up", "duplex": "full", "speed": "1000", "carrier_changes": "2"}  # fmt: skip
    for name, usual in usual_values.items():
        write(tmp_path / "class/net/eth0" / name, values.get(name, usual) + "\n")


def test_an_adapter_that_is_slow_and_full_and_loses_packets(tmp_path: Path) -> None:
    adapter(tmp_path)
    look = Look([Adapters(tmp_path)])
    assert look.value("Half Duplex Link", "eth0") is False
    assert look.value("Slow Network Link", "eth0") == 1000
    time.sleep(0.05)
    adapter(tmp_path, rx_errors="500", rx_bytes="1000000000", duplex="half", speed="10", carrier_changes="9")
    look.sample()
    assert look.is_past("Network Interface Errors", "eth0")
    assert look.is_past("Network Connection Saturation")
    assert look.is_past("Slow Network Link", "eth0")
    assert look.value("Half Duplex Link", "eth0") is True
    assert look.value("Network Interface Flapping", "eth0") == 7
    adapter(tmp_path, flags="0x1002", operstate="down", speed="-1")
    assert look.instances("Network Interface Down") == set(), "switched off on purpose"
    without_speed = Look([Adapters(tmp_path)])
    without_speed.sample()
    assert "no adapter says how fast" in without_speed.reason("Network Connection Saturation")


def test_a_default_route_of_ipv6_alone_is_one(tmp_path: Path) -> None:
    titles = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    write(tmp_path / "net/route", titles)
    look = Look([Reachability(tmp_path, proxies={})])
    assert look.value("Default Route Missing") is True
    refused = "0" * 32 + " 00 " + "0" * 32 + " 00 " + "0" * 32 + " ffffffff 00000001 00000000 00200200 lo\n"
    write(tmp_path / "net/ipv6_route", refused)
    assert look.value("Default Route Missing") is True
    write(tmp_path / "net/ipv6_route", refused.replace("00200200 lo", "00000003 eth0"))
    assert look.value("Default Route Missing") is False


def test_batteries_screens_monitors_and_errors_of_the_hardware(tmp_path: Path) -> None:
    write(tmp_path / "class/power_supply/BAT0/energy_full", "30000000\n")
    write(tmp_path / "class/power_supply/BAT0/energy_full_design", "60000000\n")
    write(tmp_path / "class/hwmon/hwmon0/name", "nct6775\n")
    write(tmp_path / "class/hwmon/hwmon0/fan1_alarm", "1\n")
    write(tmp_path / "class/hwmon/hwmon0/in0_alarm", "0\n")
    corrected = write(tmp_path / "devices/system/edac/mc/mc0/ce_count", "3\n")
    write(tmp_path / "devices/system/edac/mc/mc0/ue_count", "0\n")
    fatal = write(tmp_path / "bus/pci/devices/0000:01:00.0/aer_dev_fatal", "Undefined 0\nTOTAL_ERR_FATAL 0\n")
    look = Look([Hardware(tmp_path)])
    assert look.value("Battery - Reduced Capacity") == 50.0
    assert look.is_past("Battery - Reduced Capacity")
    assert look.value("Hardware Monitor Alarm", "nct6775 fan1") is True
    assert look.value("Hardware Monitor Alarm", "nct6775 in0") is False
    corrected.write_text("15\n")
    fatal.write_text("Undefined 0\nTOTAL_ERR_FATAL 2\n")
    look.sample()
    assert look.value("Memory Errors Corrected") == 12
    assert look.value("Memory Errors Not Corrected") == 0
    assert look.value("PCI Express Errors", "0000:01:00.0") == 2
    assert isinstance(Look([Hardware(tmp_path / "none")]).at("Memory Errors Corrected"), Unavailable)
