"""Run the processes that are measured, and call them: a line of JSON each way."""

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import sys
from typing import Any

PROJECT = Path(__file__).parent.parent
MAX_LINE = 2**26


class Process:
    """A program of this machine, whose lines are JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Initialize with its pipes."""
        assert process.stdin and process.stdout
        self._stdin, self._stdout = process.stdin, process.stdout

    async def read_line(self) -> Any:
        """Return the next line."""
        if not (line := await self._stdout.readline()):
            raise RuntimeError("the process ended")
        return json.loads(line)

    async def call(self, method: str, **arguments: Any) -> Any:
        """Call a method of the object that the process serves, and return its result."""
        self._stdin.write(f"{json.dumps([method, arguments])}\n".encode())
        return await self.read_line()


@asynccontextmanager
async def program(*command: str) -> AsyncIterator[Process]:
    """Run a program that ends when its input does."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, cwd=PROJECT, limit=MAX_LINE
    )
    try:
        yield Process(process)
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


async def serve(served: object) -> None:
    """Serve an object's methods to the process that started this one."""
    reader = asyncio.StreamReader(limit=MAX_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        method, arguments = json.loads(line)
        result = await getattr(served, method)(**arguments)
        print(json.dumps(result), flush=True)
