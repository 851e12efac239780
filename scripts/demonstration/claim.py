"""The folder and the ports of a demo: no two demos may share them."""

import argparse
from collections.abc import Generator
from contextlib import contextmanager
import fcntl
from pathlib import Path
import shutil
from typing import Any

from .processes import DemoError, is_free, next_free_port, taken_ports

# The accounts service and three panels.
PANEL_PORTS = 4


@contextmanager
def claim(options: argparse.Namespace) -> Generator[None]:
    """Lock and empty the folder; raise one error that names everything that is taken."""
    panel_ports = range(options.panel_port, options.panel_port + PANEL_PORTS)
    if options.port == 0 or options.port in panel_ports:
        raise DemoError("--port must not be 0, nor one of the four from --panel-port")
    if not is_free(0, options.bind):
        raise DemoError(f"{options.bind} is not an address of this machine")
    problems, instead = find_taken_ports(options)
    with open_lock(options.folder) as lock:
        if lock is None:
            problems.append(f"{options.folder} is not empty, and not of a demo")
        elif not try_to_lock(lock):
            problems.append(f"another demo runs in {options.folder}")
            lock = None
        if lock is None:
            instead.append(f"--folder {options.folder}-2")
        if problems:
            raise DemoError(
                f"{'; '.join(problems)}.\n"
                f"  End what uses it, or run: scripts/demo {' '.join(instead)}"
            )
        for old in options.folder.iterdir():
            if not options.keep and old.is_dir():
                shutil.rmtree(old)
            elif not options.keep and old.name != "lock":
                old.unlink()
        yield


def find_taken_ports(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Return what is taken, and the options that choose free ports instead."""
    problems, instead = [], []
    for option, first, count in (
        ("--port", options.port, 1),
        ("--panel-port", options.panel_port, PANEL_PORTS),
    ):
        taken = taken_ports(first, count) if first else []
        if option == "--port" and not is_free(first, options.bind):
            taken = [first]
        if taken:
            numbers = ", ".join(str(each) for each in taken)
            plural, verb = ("s", "are") if len(taken) > 1 else ("", "is")
            problems.append(f"port{plural} {numbers} {verb} in use")
            instead.append(f"{option} {next_free_port(first + count, count)}")
    return problems, instead


@contextmanager
def open_lock(folder: Path) -> Generator[Any]:
    """Open the lock file of a demo's folder; None if the folder is not a demo's."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "lock"
    if not lock.exists() and any(folder.iterdir()):
        yield None
        return
    with lock.open("w") as file:
        yield file


def try_to_lock(file: Any) -> bool:
    """Return whether this process holds the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
