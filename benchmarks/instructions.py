"""Row: the processor's instructions and cache misses of an event, counted by valgrind.

These do not depend on how busy the machine is, nor on its speed.
"""

import asyncio
from asyncio.subprocess import PIPE
from pathlib import Path
import shutil
import sys
from tempfile import TemporaryDirectory

from .counted import MOST
from .in_home import MANY, fed
from .measure import Effort, Figure, Goal
from .processes import PROJECT

FEW = 10
# A second-level cache of a megabyte, as servers' cores have; the first as they all do.
CACHES = ("--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,8,64")


async def instructions(effort: Effort) -> list[Figure]:
    """Count what an event takes with many doors and with few."""
    if effort.quick or shutil.which("valgrind") is None:
        print("left out: it takes valgrind, and minutes")
        return []
    (few, few_misses), (many, many_misses) = [
        await _per_event(doors) for doors in (FEW, MANY)
    ]
    return [
        Figure(
            what="an event, 900 doors",
            unit="instructions",
            ours=many,
            than="10 doors",
            against=few,
            ratio=many / few,
            goal=Goal(limit=1.1),
        ),
        Figure(
            what="an event, 900 doors",
            unit="1 MB misses",
            ours=many_misses,
            than="10 doors",
            against=few_misses,
        ),
    ]


async def _per_event(doors: int) -> tuple[float, float]:
    """Return an event's instructions and misses: of more events, less those of none."""
    none, all_ = await asyncio.gather(_counted(doors, 0), _counted(doors, MOST))
    first, second = (
        (more - less) / MOST for less, more in zip(none, all_, strict=True)
    )
    return first, second


async def _counted(doors: int, events: int) -> tuple[int, int]:
    """Return the instructions and misses of a whole process."""
    async with fed() as url:
        with TemporaryDirectory() as folder:
            counts = Path(folder) / "counts"
            process = await asyncio.create_subprocess_exec(
                "valgrind",
                "--quiet",
                "--tool=cachegrind",
                "--cache-sim=yes",
                *CACHES,
                f"--cachegrind-out-file={counts}",
                *(sys.executable, "-m", "benchmarks.counted"),
                *(url, str(doors), str(events)),
                cwd=PROJECT,
                stderr=PIPE,
                # sets of texts are in another order in each process otherwise
                env={"PYTHONHASHSEED": "0"},
            )
            _, errors = await process.communicate()
            if process.returncode:
                raise RuntimeError(errors.decode())
            return _summary(counts.read_text(encoding="utf-8"))


def _summary(counts: str) -> tuple[int, int]:
    """Return the instructions and the misses that nothing nearer than memory answers."""
    lines = dict(line.partition(": ")[::2] for line in counts.splitlines())
    events = dict(
        zip(lines["events"].split(), map(int, lines["summary"].split()), strict=True)
    )
    return events["Ir"], events["DLmr"] + events["DLmw"]
