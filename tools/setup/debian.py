"""What the suite runs for real and Debian packages: installed as root or through sudo, or named in one line.

Only what is missing is installed; nothing that is installed is removed (a machine with another mail server keeps it and is
told so), and no service is left running: PostgreSQL makes no main cluster, Postfix gets no configuration.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from steps import ROOT, SetUpError, run, say, step

PEERS = ROOT / "build/peers"
FONTS = Path("/usr/share/fonts/truetype/noto")
NO_MAIN_CLUSTER = "/etc/postgresql-common/createcluster.d/opulse-tests.conf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def ensure_packages(*, peers: bool = False) -> None:
    """What the suite runs; with ``peers`` also what the benchmark measures ours beside."""
    if missing := _missing(peers):
        _ensure(missing, peers)


def _ensure(missing: list[str], peers: bool) -> None:
    if shutil.which("apt-get") is None:
        raise SetUpError(f"the suite needs the programs of these Debian packages: {', '.join(missing)}")
    prefix = _as_root()
    if prefix is None:
        raise SetUpError(
            f"the suite needs apt install {' '.join(missing)}, and this is neither root nor sudo without a password. "
            "Mend: sudo python3 tools/setup debian (the same, without a database cluster or a mail service)"
        )
    with step(f"installing Debian packages: {' '.join(missing)}"):
        _install(prefix, missing)
    if still := _missing(peers):
        raise SetUpError(f"installed, yet not found: {', '.join(still)}")


def _missing(peers: bool) -> list[str]:
    """The packages whose programs or fonts are not here, whoever installed them."""
    found = {
        "postgresql": any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or _program("initdb"),
        "postfix": _program("smtp-sink"),
        "chromium": any(_program(name) for name in BROWSERS) or "OPULSE_TEST_CHROMIUM" in os.environ,
        "libatomic1": any(Path("/usr/lib").glob("*/libatomic.so.1")),  # Playwright's own driver wants it
        "libnotify-bin": _program("notify-send"),
        "dbus-daemon": _program("dbus-daemon"),
        "python3-dbus": Path("/usr/lib/python3/dist-packages/dbus").is_dir(),
        "python3-gi": Path("/usr/lib/python3/dist-packages/gi").is_dir(),
        "fonts-noto-core": (FONTS / "NotoSansArabic-Regular.ttf").exists(),
        "fonts-noto-color-emoji": (FONTS / "NotoColorEmoji.ttf").exists(),
    }
    if peers:
        found["wrk"] = _program("wrk")
    return [package for package, here in found.items() if not here]


def ensure_alertmanager() -> None:
    """Its program alone, unpacked into the checkout: installed, Debian's package would leave a service running.

    To be called after :func:`ensure_packages`: on a new machine the lists of packages are there only then.
    """
    if _program("prometheus-alertmanager") or (PEERS / "usr/bin/prometheus-alertmanager").is_file():
        return
    if shutil.which("apt-get") is None:
        raise SetUpError("the suite needs prometheus-alertmanager on the PATH")
    with step("fetching Debian's prometheus-alertmanager"), tempfile.TemporaryDirectory() as folder:
        run(["sh", "-c", f"cd {folder} && apt-get -qq download prometheus-alertmanager"])
        (package,) = Path(folder).glob("*.deb")
        run(["dpkg-deb", "-x", package, PEERS])


def _program(name: str) -> bool:
    """Also where Debian puts it for administrators, which is not on everyone's PATH."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _as_root() -> list[str] | None:
    """What to put before a command so that root runs it; None if that cannot be without a question."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def _install(prefix: list[str], packages: list[str]) -> None:
    settle = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"]
    run([*settle, "update"])
    if "postgresql" in packages:
        _without_main_cluster(prefix)
    if "postfix" in packages:
        _answer(prefix, "postfix postfix/main_mailer_type select No configuration")
    try:
        run([*settle, "--no-remove", "--no-install-recommends", "install", *packages])
    except SetUpError as failure:
        say(
            "if apt wanted to remove another mail server for Postfix: the suite needs Postfix's program smtp-sink only"
        )
        raise failure
    finally:
        if "postgresql" in packages:
            run([*prefix, "rm", "-f", NO_MAIN_CLUSTER])  # the machine's own defaults are as they were


def _without_main_cluster(prefix: list[str]) -> None:
    """Before the package arrives: else it makes a cluster on port 5432 and starts it."""
    run([*prefix, "mkdir", "-p", str(Path(NO_MAIN_CLUSTER).parent)])
    _pipe([*prefix, "tee", NO_MAIN_CLUSTER], "create_main_cluster = false\n")


def _answer(prefix: list[str], selection: str) -> None:
    _pipe([*prefix, "debconf-set-selections"], f"{selection}\n")


def _pipe(command: list[str], text: str) -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetUpError(f"this failed: {' '.join(command)}\n{done.stderr}")
