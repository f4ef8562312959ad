"""``python -m bench.peers.append_fsync FOLDER SECONDS``: append the bodies of a folder in turn to a file, an fdatasync each.

Prints how many a second.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path


def main() -> None:
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    heads = sorted(folder.glob("*.head"))
    bodies = [head.read_bytes() + b"0" * 18 + head.with_suffix(".tail").read_bytes() for head in heads]
    path = folder / "appended"
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    done, begun = 0, time.monotonic()
    for body in itertools.cycle(bodies):
        os.write(file, body)
        os.fdatasync(file)
        done += 1
        if time.monotonic() - begun >= seconds:
            break
    print(done / (time.monotonic() - begun))
    os.close(file)
    path.unlink()


if __name__ == "__main__":
    main()
