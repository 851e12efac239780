"""Programs that the demo runs, and waiting for what they do: always with an end."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal
import socket

ROOT = Path(__file__).parents[1]
STOP_TIMEOUT = 30


class DemoError(Exception):
    """Something to be told to the user in a sentence."""


def say(text: str) -> None:
    """Tell what is going on."""
    print(f"demo: {text}", flush=True)


def is_free(port: int) -> bool:
    """Tell whether a program could listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def running(
    *command: str, log: Path, folder: Path = ROOT, env: Mapping[str, str] | None = None
) -> AsyncGenerator[Process]:
    """Run a program, out of reach of the terminal's Ctrl-C, and end it in the end.

    Its input is a pipe that breaks if this program is killed.
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
    """Ask a program to end; make it end if it does not."""
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
    what: str, question: Callable[[], Awaitable[T | None]], seconds: float
) -> T:
    """Ask until there is an answer."""
    try:
        async with asyncio.timeout(seconds):
            while (answer := await question()) is None:
                await asyncio.sleep(0.1)
            return answer
    except TimeoutError:
        raise DemoError(f"no {what} within {seconds:.0f} s") from None


async def lives_until[T](process: Process, log: Path, answer: Awaitable[T]) -> T:
    """Wait for an answer that only comes as long as the program lives."""
    waiting = asyncio.ensure_future(answer)
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
