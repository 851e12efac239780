"""Runs Home Assistant until standard input ends, which it does when the parent is killed."""

import os
from pathlib import Path
import runpy
import signal
import sys
import threading
import time

STOP_TIMEOUT = 30


def end_with_parent() -> None:
    """Wait for the end of standard input, then stop this process."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_TIMEOUT)
    os._exit(1)


if __name__ == "__main__":
    # As `python -m homeassistant` would have it, without the folder of this file.
    sys.path[0] = str(Path.cwd())
    threading.Thread(target=end_with_parent, daemon=True).start()
    runpy.run_module("homeassistant", run_name="__main__", alter_sys=True)
