"""Processes that benchmarks run, and calls to them: a line of JSON each way."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
import json
from pathlib import Path
import sys
from typing import Any

PROJECT = Path(__file__).parent.parent
LONGEST_LINE = 2**26

type Handler = Callable[..., Awaitable[object]]


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[Process]:
    """Run a program that ends when its input does."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, cwd=PROJECT, limit=LONGEST_LINE
    )
    assert process.stdin
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def line_of(process: Process) -> Any:
    """Return the next line of a program, which is JSON."""
    assert process.stdout
    if not (line := await process.stdout.readline()):
        raise RuntimeError("the process ended")
    return json.loads(line)


async def output_of(*command: str) -> Any:
    """Return what a program prints, which is JSON."""
    async with running(*command) as process:
        return await line_of(process)


class Worker:
    """A process of this package that answers calls."""

    def __init__(self, process: Process) -> None:
        """Talk to the process."""
        self._process = process

    async def call(self, method: str, **arguments: object) -> Any:
        """Call a method and return its result."""
        assert self._process.stdin
        call = json.dumps({"method": method, "arguments": arguments})
        self._process.stdin.write(f"{call}\n".encode())
        return await line_of(self._process)


@asynccontextmanager
async def worker(module: str, *arguments: str) -> AsyncIterator[Worker]:
    """Run a module of this package that calls `answer`."""
    command = (sys.executable, "-m", f"benchmarks.{module}", *arguments)
    async with running(*command) as process:
        yield Worker(process)


async def answer(handlers: Mapping[str, Handler]) -> None:
    """Answer the calls on stdin until it ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        call = json.loads(line)
        result = await handlers[call["method"]](**call["arguments"])
        print(json.dumps(result), flush=True)
