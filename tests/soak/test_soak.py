"""A million events, a thousand reconnects, renewals and reloads; or a few of each.

Memory is what it is after garbage collection, against what it was after the warm-up: the
blocks that Python has in use, and the process's resident memory (RSS), which also grows
where freed memory lies between what is in use.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
import gc
from itertools import cycle
from pathlib import Path
import resource
import sys
import threading

from engineio.base_client import connected_clients
import pytest

from homeassistant.core import HomeAssistant
from tests.common import PANEL, Json, wait_for_state, wait_until
from tests.pdk.common import send_frame, set_constants, wait_for_requests

from .conftest import SoakSite

BATCH = 1_000
DOORS = (1, 2, 4, 5)
# Caches of libraries fill up; a connection that is left behind has hundreds of blocks.
MAX_NEW_BLOCKS = 10_000
MAX_GROWTH_MB = 16.0

type Once = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of what could be left behind."""

    tasks: int
    timers: int
    files_and_sockets: int
    listeners: int
    threads: int
    connections: int

    @classmethod
    def of(cls, hass: HomeAssistant) -> Counts:
        """Return the present counts."""
        scheduled = hass.loop._scheduled  # type: ignore[attr-defined]
        return cls(
            tasks=len(asyncio.all_tasks()),
            timers=sum(1 for handle in scheduled if not handle.cancelled()),
            files_and_sockets=len(list(Path("/proc/self/fd").iterdir())),
            listeners=sum(hass.bus.async_listeners().values()),
            threads=threading.active_count(),
            connections=len(connected_clients),
        )

    def exceeded(self, hass: HomeAssistant) -> dict[str, int]:
        """Return what there is more of now."""
        now, before = asdict(Counts.of(hass)), asdict(self)
        return {name: now[name] for name in now if now[name] > before[name]}


def _memory() -> tuple[int, float]:
    """Return the blocks in use, and the resident memory in megabytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return sys.getallocatedblocks(), pages * resource.getpagesize() / 1_000_000


def _events() -> list[Json]:
    """Return events of every kind, at several doors, with people and live events."""
    events: list[Json] = []
    for number in range(BATCH // 5):
        body = {"doorId": DOORS[number % len(DOORS)]}
        on = number // len(DOORS) % 2 == 0
        person = {"personId": number, "person": {"id": number, "firstName": "Some"}}
        line = {"info": 'Person "%s"', "placeholders": [{"text": f"No {number}"}]}
        allowed = {"id": f"event {number}", "body": body | person}
        events += [
            {"topic": topic, "payload": payload}
            for topic, payload in (
                (f"door.input.relay.{'on' if on else 'off'}", {"body": body}),
                (f"door.input.dps.{'opened' if on else 'closed'}", {"body": body}),
                (f"door.input.rex.{'on' if on else 'off'}", {"body": body}),
                ("door.request.allowed", allowed),
                ("liveEvent", line),
            )
        ]
    return events


def events(site: SoakSite) -> Once:
    """Return what lets a batch of events arrive."""
    batch, last = _events(), {"body": {"doorId": "the end"}}
    relays = cycle((("off", "locked"), ("on", "unlocked")))

    async def once() -> None:
        relay, state = next(relays)
        end = {"topic": f"door.input.relay.{relay}", "payload": last}
        path = f"panels/{site.panel_id}/emit"
        await site.pdk.control("POST", path, {"events": [*batch, end]})
        await wait_for_state(site.hass, "lock.door_the_end", state, 60)

    return once


def reconnects(site: SoakSite) -> Once:
    """Return what ends the connection, in each way in which it can."""
    pdk = site.pdk
    ends: list[Once] = [
        lambda: pdk.kick(site.panel_id, "abort"),
        lambda: pdk.kick(site.panel_id, "close"),
    ]
    if site.panel_id == PANEL:
        ends += [lambda: send_frame(pdk, "41"), lambda: send_frame(pdk, "1")]
    every_end = cycle(ends)

    async def once() -> None:
        connects = (await pdk.requests())[site.connect]
        await next(every_end)()
        await wait_for_requests(pdk, site.connect, connects + 1, 60)
        await wait_for_state(site.hass, site.connection, "on", 60)
        await pdk.sockets(site.panel_id, 1, 60)

    return once


def reloads(site: SoakSite) -> Once:
    """Return what unloads the entry and sets it up again."""

    async def once() -> None:
        assert await site.hass.config_entries.async_reload(site.entry.entry_id)
        await wait_for_state(site.hass, site.connection, "on", 60)
        await site.pdk.sockets(site.panel_id, 1, 60)

    return once


def renewals(site: SoakSite) -> Once:
    """Return what renews the token; in PDK 2.0 that needs a new connection."""
    acts = cycle((("hold", "unlocked"), ("lock", "locked")))

    async def once() -> None:
        stream = site.entry.runtime_data.site.stream
        renewed = stream.stats.renewals
        system = getattr(stream, "_system", None)
        renewer = (system.stream if system else stream)._renewer
        renewer.handle_rejection()
        await wait_until(lambda: stream.stats.renewals > renewed, 60)
        await wait_until(lambda: not renewer.rejected.is_set(), 60)
        # an event shows that the token is accepted
        act, state = next(acts)
        await site.pdk.act(site.panel_id, 1, act)
        await wait_for_state(site.hass, site.lock, state, 60)

    return once


KINDS = (events, reconnects, renewals, reloads)


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing."""
    set_constants(
        monkeypatch,
        backoff_delays=(0.01,),
        max_backoff=0.01,
        min_token_life=0.01,
        overlap=0.05,
        renewal_grace=0.01,
    )


async def soak(hass: HomeAssistant, once: Once, warm_up: int, times: int) -> Json:
    """Do something many times, test that nothing is left of it, and return figures."""
    for _ in range(warm_up):
        await once()
    before, (blocks, memory) = Counts.of(hass), _memory()
    for _ in range(times):
        await once()
    new_blocks, new_memory = _memory()
    grown = (new_blocks - blocks, new_memory - memory)
    end = hass.loop.time() + 15
    while (left := before.exceeded(hass)) and hass.loop.time() < end:
        # not wait_until, whose timeout would be one timer more
        await asyncio.sleep(0.01)
    assert not left, before
    assert grown[0] < MAX_NEW_BLOCKS, grown
    assert grown[1] < MAX_GROWTH_MB, grown
    old, new = asdict(before), asdict(Counts.of(hass))
    return {"blocks": f"{grown[0]:+,}", "resident memory": f"{grown[1]:+.1f} MB"} | {
        name.replace("_", " "): f"{old[name]} → {new[name]}"
        for name in ("tasks", "timers", "files_and_sockets", "listeners")
    }


async def test_few_of_each(hass: HomeAssistant, site: SoakSite) -> None:
    """Test that nothing is left of events, reconnects, renewals and reloads."""
    each = [kind(site) for kind in KINDS]

    async def all_once() -> None:
        for once in each:
            await once()

    await soak(hass, all_once, warm_up=2, times=4)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", KINDS)
async def test_many(
    hass: HomeAssistant,
    site: SoakSite,
    kind: Callable[[SoakSite], Once],
    record_property: Callable[[str, object], None],
) -> None:
    """Test a million events, or a thousand of what else there is."""
    times = 1_000
    figures = await soak(hass, kind(site), warm_up=50, times=times)
    number = times * BATCH if kind is events else times
    row = f"{number:,} {kind.__name__}{'' if site.panel_id == PANEL else ', PDK 2.0'}"
    record_property(row, figures)
