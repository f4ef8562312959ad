"""The clock: whether it is kept, how far off it may be, and whether somebody moves it by jumps."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from opulse.agent.counters import EventCounts
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_NOT_SYNCHRONISED = 0x40
"""``STA_UNSYNC`` of ``timex.h``."""
_PPM = 65_536.0
"""``adjtimex`` gives parts per million with 16 binary places."""
_SERVICES = frozenset(
    {"chronyd", "systemd-timesyncd", "systemd-timesyn", "ntpd", "ntpsec", "openntpd", "ptp4l", "phc2sys"}
)
_STEP_SECONDS = 2.0
_NTP_TO_UNIX = 2_208_988_800
"""NTP counts seconds from 1900."""
_NTP_CLIENT = 0b00_100_011
"""No leap second announced, version 4, a client (RFC 5905 7.3)."""
_NTP_TIMEOUT_SECONDS = 3.0


class _Timex(ctypes.Structure):
    """``struct timex`` of adjtimex(2), as far as the numbers that are read; the rest is room for the kernel to write into."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 40),
    )


class Timekeeping:
    """``adjtimex`` as everybody may ask it, a time server if one is named, and our own look at jumps."""

    def __init__(self, sys: Path = Path("/sys")) -> None:
        self._rtc = sys / "class/rtc/rtc0/since_epoch"
        self._steps = EventCounts()
        self._ahead: float | None = None
        self._stepped = 0

    def sample(self) -> None:
        """A clock that is slewed stays within milliseconds of the one that nobody can set; a jump is seen at the next look."""
        ahead = time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_BOOTTIME)
        if self._ahead is not None and abs(ahead - self._ahead) > _STEP_SECONDS:
            self._stepped += 1
        self._ahead = ahead
        self._steps.note(time.monotonic(), {"steps": float(self._stepped)})

    def measures(self) -> Mapping[str, Measure]:
        return {
            "time.not_synchronised": lambda _: Measured(bool(_ask_kernel().status & _NOT_SYNCHRONISED)),
            "time.largest_error_ms": lambda _: Measured(round(_ask_kernel().maxerror / 1000, 3)),
            "time.correction_ppm": lambda _: Measured(round(abs(_ask_kernel().freq) / _PPM, 3)),
            "time.step_count": lambda q: Measured(self._steps.within(q.number("window"))["steps"]),
            "time.service_missing": lambda _: _no_service(),
            "time.offset_ms": _offset,
            "hardware.clock_offset_seconds": self._hardware_clock,
        }

    def _hardware_clock(self, question: Question) -> Reading:
        """The clock that the system starts by, against the one it runs by. One set to local time reads as hours off."""
        if not self._rtc.exists():
            return Unavailable("this system has no hardware clock")
        return Measured(round(abs(int(self._rtc.read_text()) - question.now.timestamp()), 1))


def _ask_kernel() -> _Timex:
    """Raises ``OSError``."""
    asked = _Timex(modes=0)
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return asked


def _no_service() -> Reading:
    running = {process.info["name"] for process in psutil.process_iter(["name"])}
    return Measured(not running & _SERVICES)


def _offset(question: Question) -> Reading:
    """How far the clock is from the named server's, the way there and back taken as equally long (RFC 5905 8)."""
    server = question.text("server")
    if not server:
        return Unavailable("no time server is named: set this sensor's variable 'server'")
    address = (server, int(question.number("port")))
    with _udp(address) as link:
        sent = time.clock_gettime(time.CLOCK_REALTIME)
        link.send(struct.pack("!B47x", _NTP_CLIENT))
        answer = link.recv(512)
        arrived = time.clock_gettime(time.CLOCK_REALTIME)
    if len(answer) < 48 or not answer[1]:
        return Unavailable(f"{server} answered that it does not know the time")
    received, answered = _seconds(answer[32:40]), _seconds(answer[40:48])
    return Measured(round(abs(((received - sent) + (answered - arrived)) / 2 * 1000), 3))


def _udp(address: tuple[str, int]) -> socket.socket:
    """A datagram socket to the address. Raises ``OSError``."""
    family, kind, protocol, _, resolved = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
    link = socket.socket(family, kind, protocol)
    link.settimeout(_NTP_TIMEOUT_SECONDS)
    link.connect(resolved)
    return link


def _seconds(timestamp: bytes) -> float:
    whole, part = struct.unpack("!II", timestamp)
    return float(whole - _NTP_TO_UNIX + part / 2**32)
