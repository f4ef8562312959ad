"""Sessions of people on Windows, from a service: who is where, a box of yes and no there, and the browser. Not run on hardware.

learn.microsoft.com/windows/win32/api/wtsapi32: WTSEnumerateSessionsW, WTSQuerySessionInformationW (user name 5, domain name 7),
WTSSendMessageW (waits for the answer), WTSQueryUserToken (for LocalSystem); .../processthreadsapi: CreateProcessAsUserW.
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

_ACTIVE = 0  # WTSActive of WTS_CONNECTSTATE_CLASS
_USER_NAME, _DOMAIN_NAME = 5, 7
_YES_NO_AND_A_SIGN = 0x00000004 | 0x00000040 | 0x00010000  # MB_YESNO, MB_ICONINFORMATION, MB_SETFOREGROUND
_YES = 6
_NO_WINDOW = 0x08000000  # CREATE_NO_WINDOW
_UNICODE_ENVIRONMENT = 0x00000400


class Session(NamedTuple):
    id: int
    account: str  # DOMAIN\\name


class _SessionInfo(ctypes.Structure):
    _fields_ = (("id", ctypes.c_uint32), ("station", ctypes.c_wchar_p), ("state", ctypes.c_int))


class _StartupInfo(ctypes.Structure):
    _fields_ = (
        ("cb", ctypes.c_uint32), ("reserved", ctypes.c_wchar_p), ("desktop", ctypes.c_wchar_p), ("title", ctypes.c_wchar_p),
        ("x", ctypes.c_uint32), ("y", ctypes.c_uint32), ("x_size", ctypes.c_uint32), ("y_size", ctypes.c_uint32),
        ("x_chars", ctypes.c_uint32), ("y_chars", ctypes.c_uint32), ("fill", ctypes.c_uint32), ("flags", ctypes.c_uint32),
        ("show", ctypes.c_uint16), ("reserved_size", ctypes.c_uint16), ("reserved_bytes", ctypes.c_void_p),
        ("input", ctypes.c_void_p), ("output", ctypes.c_void_p), ("error", ctypes.c_void_p),
    )  # fmt: skip


class _ProcessInfo(ctypes.Structure):
    _fields_ = (
        ("process", ctypes.c_void_p), ("thread", ctypes.c_void_p),
        ("process_id", ctypes.c_uint32), ("thread_id", ctypes.c_uint32),
    )  # fmt: skip


class Sessions:
    """The calls, on a Windows."""

    def __init__(self) -> None:
        load: Any = vars(ctypes)["WinDLL"]
        self._wts: Any = load("wtsapi32", use_last_error=True)
        self._advapi: Any = load("advapi32", use_last_error=True)
        self._kernel: Any = load("kernel32", use_last_error=True)

    def list_active(self) -> list[Session]:
        """Sessions in which somebody sits now. Raises ``OSError``."""
        found, count = ctypes.POINTER(_SessionInfo)(), ctypes.c_uint32()
        self._check(self._wts.WTSEnumerateSessionsW(None, 0, 1, ctypes.byref(found), ctypes.byref(count)))
        try:
            active = [found[place].id for place in range(count.value) if found[place].state == _ACTIVE]
        finally:
            self._wts.WTSFreeMemory(found)
        return list(self._named(active))

    def ask(self, session: int, title: str, text: str, seconds: int) -> bool:
        """Whether the person pressed *yes*; waits for it. Raises ``OSError``: it could not be shown."""
        answer = ctypes.c_uint32()
        title_bytes, text_bytes = (len(one.encode("utf-16-le")) for one in (title, text))
        self._check(
            self._wts.WTSSendMessageW(
                None,
                session,
                title,
                title_bytes,
                text,
                text_bytes,
                _YES_NO_AND_A_SIGN,
                seconds,
                ctypes.byref(answer),
                True,
            )
        )
        return answer.value == _YES

    def open(self, session: int, link: str) -> None:
        """Hand the link to the person's own browser, as the person. Raises ``OSError``."""
        token = ctypes.c_void_p()
        self._check(self._wts.WTSQueryUserToken(session, ctypes.byref(token)))
        try:
            # url.dll's documented way to open what the person's default program opens; the list becomes one quoted line
            line = subprocess.list2cmdline(["rundll32.exe", "url.dll,FileProtocolHandler", link])
            start, made = _StartupInfo(), _ProcessInfo()
            start.cb, start.desktop = ctypes.sizeof(start), "winsta0\\default"
            flags = _NO_WINDOW | _UNICODE_ENVIRONMENT
            self._check(
                self._advapi.CreateProcessAsUserW(
                    token,
                    None,
                    ctypes.create_unicode_buffer(line),
                    None,
                    None,
                    False,
                    flags,
                    None,
                    None,
                    ctypes.byref(start),
                    ctypes.byref(made),
                )
            )
            self._kernel.CloseHandle(made.thread)
            self._kernel.CloseHandle(made.process)
        finally:
            self._kernel.CloseHandle(token)

    def _named(self, ids: list[int]) -> Iterator[Session]:
        for one in ids:
            name, domain = self._text(one, _USER_NAME), self._text(one, _DOMAIN_NAME)
            if name:
                yield Session(one, f"{domain}\\{name}" if domain else name)

    def _text(self, session: int, what: int) -> str:
        found, size = ctypes.c_wchar_p(), ctypes.c_uint32()
        self._check(
            self._wts.WTSQuerySessionInformationW(
                None, session, what, ctypes.byref(found), ctypes.byref(size)
            )
        )
        text = found.value or ""
        self._wts.WTSFreeMemory(found)
        return text

    def _check(self, succeeded: int) -> None:
        if not succeeded:
            number = int(vars(ctypes)["get_last_error"]())
            raise OSError(number, f"Windows error {number}")
