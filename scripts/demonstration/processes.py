"""Child processes of the demo, and waiting for them with a timeout."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal
import socket

from .options import LOCALHOST, MAX_PORT, ROOT

STOP_TIMEOUT = 30


class DemoError(Exception):
    """An error that is shown to the user as a sentence."""


def say(text: str) -> None:
    """Print a line about the progress."""
    print(f"demo: {text}", flush=True)


def is_free(port: int, address: str = LOCALHOST) -> bool:
    """Return whether a program could listen on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def taken_ports(first: int, count: int) -> list[int]:
    """Return those of consecutive ports that are in use."""
    return [number for number in range(first, first + count) if not is_free(number)]


def next_free_port(first: int, count: int) -> int:
    """Return the first of consecutive free ports."""
    while taken_ports(first, count) and first + count <= MAX_PORT:
        first += 1
    return first


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def running(
    *command: str, log: Path, folder: Path = ROOT, env: Mapping[str, str] | None = None
) -> AsyncGenerator[Process]:
    """Run a program without the terminal's Ctrl-C, and end it at exit.

    Its standard input is a pipe that ends when this process is killed.
    """
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=os.environ | (env or {}),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await end(process)


async def end(process: Process, how: signal.Signals = signal.SIGTERM) -> None:
    """End a program; kill it if it does not end in time."""
    if process.returncode is not None:
        return
    process.send_signal(how)
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def until[T](
    what: str, poll: Callable[[], Awaitable[T | None]], seconds: float
) -> T:
    """Poll until there is a result."""
    try:
        async with asyncio.timeout(seconds):
            while (result := await poll()) is None:
                await asyncio.sleep(0.1)
            return result
    except TimeoutError:
        raise DemoError(f"no {what} within {seconds:.0f} s") from None


async def lives_until[T](process: Process, log: Path, result: Awaitable[T]) -> T:
    """Wait for a result; raise an error if the program ends first."""
    waiting = asyncio.ensure_future(result)
    ending = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait((waiting, ending), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            last_lines = "\n".join(log.read_text().splitlines()[-15:])
            raise DemoError(f"{log.stem} ended by itself; its log says:\n{last_lines}")
        return await waiting
    finally:
        waiting.cancel()
        ending.cancel()
