"""A million events, a thousand reconnects, a thousand reloads; or a two-hundredth of that.

Memory is the process's resident memory (RSS), after garbage collection, against what it
was after the warm-up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
import gc
from pathlib import Path
import resource
import threading

from engineio.base_client import connected_clients
import pytest

from homeassistant.core import HomeAssistant
from tests.common import PANEL, Json, wait_for_state, wait_until
from tests.pdk.common import send_frame, set_constants, wait_for_requests
from tests.simulator_process import SimulatedPdk

from .conftest import Site

BATCH = 1_000
DOORS = (1, 2, 4, 5)
MAX_GROWTH_MB = 5.0
SHARES = [
    pytest.param(0.005, id="few"),
    pytest.param(1.0, id="all", marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
]

type Record = Callable[[str, object], None]


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


def _memory() -> float:
    """Return the resident memory of this process, in megabytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1_000_000


async def soak(
    hass: HomeAssistant,
    record: Record,
    what: str,
    once: Callable[[], Awaitable[object]],
    *,
    warm_up: int,
    times: int,
    each: int = 1,
) -> None:
    """Do something many times, and test that nothing is left of it."""
    for _ in range(warm_up):
        await once()
    before, memory = Counts.of(hass), _memory()
    for _ in range(times):
        await once()
    growth = _memory() - memory
    try:
        await wait_until(lambda: not before.exceeded(hass), 15)
    except TimeoutError:
        raise AssertionError(before, before.exceeded(hass)) from None
    old, new = asdict(before), asdict(Counts.of(hass))
    figures = {"memory after warm-up (RSS)": f"{growth:+.1f} MB"} | {
        name.replace("_", " "): f"{old[name]} → {new[name]}"
        for name in ("tasks", "timers", "files_and_sockets", "listeners")
    }
    for column, value in figures.items():
        record("figure", ["soak", f"{times * each:,} {what}", column, value])
    assert growth < MAX_GROWTH_MB


def _event(topic: str, **payload: object) -> Json:
    return {"topic": topic, "payload": payload}


def _batch() -> list[Json]:
    """Return events of every kind, at several doors, with people and live events."""
    events: list[Json] = []
    for number in range(BATCH // 5):
        body = {"doorId": DOORS[number % len(DOORS)]}
        on = number // len(DOORS) % 2 == 0
        person = {"personId": number, "person": {"id": number, "firstName": "Some"}}
        line = {"info": 'Person "%s"', "placeholders": [{"text": f"No {number}"}]}
        events += [
            _event(f"door.input.relay.{'on' if on else 'off'}", body=body),
            _event(f"door.input.dps.{'opened' if on else 'closed'}", body=body),
            _event(f"door.input.rex.{'on' if on else 'off'}", body=body),
            _event("door.request.allowed", id=f"event {number}", body=body | person),
            _event("liveEvent", **line),
        ]
    return events


@pytest.mark.parametrize("share", SHARES)
async def test_events(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    site: Site,
    record_property: Record,
    share: float,
) -> None:
    """Test that memory stays as it is after the first few thousand events."""
    events, last = _batch(), {"doorId": "the end"}

    async def two_batches() -> None:
        for relay, state in (("off", "locked"), ("on", "unlocked")):
            all_events = [*events, _event(f"door.input.relay.{relay}", body=last)]
            path = f"panels/{site.id}/emit"
            await pdk.control("POST", path, {"events": all_events})
            await wait_for_state(hass, "lock.door_the_end", state, 60)

    await soak(
        hass,
        record_property,
        f"events{site.of}",
        two_batches,
        warm_up=2 if share < 1 else 5,
        times=int(1_000_000 / (2 * BATCH) * share),
        each=2 * BATCH,
    )


@pytest.mark.parametrize("share", SHARES)
async def test_reconnects(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
    share: float,
) -> None:
    """Test connections that end in every way in which they can."""
    set_constants(monkeypatch, backoff_delays=(0.01,), max_backoff=0.01)
    ends: list[Callable[[], Awaitable[None]]] = [
        lambda: pdk.kick(site.id, "abort"),
        lambda: pdk.kick(site.id, "close"),
    ]
    if site.id == PANEL:
        ends += [
            lambda: send_frame(pdk, "41"),
            lambda: send_frame(pdk, '44"No."'),
            lambda: send_frame(pdk, "1"),
        ]
    connects = 1

    async def reconnect() -> None:
        nonlocal connects
        await ends[connects % len(ends)]()
        connects += 1
        await wait_for_requests(pdk, site.connect, connects, 60)
        await wait_for_state(hass, site.connection, "on", 60)
        await pdk.sockets(site.id, 1, 60)

    await soak(
        hass,
        record_property,
        f"reconnects{site.of}",
        reconnect,
        warm_up=10 if share < 1 else 50,
        times=int(1_000 * share),
    )
    await pdk.sockets(site.id, 1)


@pytest.mark.parametrize("share", SHARES)
async def test_reloads(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    site: Site,
    record_property: Record,
    share: float,
) -> None:
    """Test an entry that is unloaded and set up again."""

    async def reload() -> None:
        assert await hass.config_entries.async_reload(site.entry.entry_id)
        await wait_for_state(hass, site.connection, "on", 60)
        await hass.async_block_till_done()

    await soak(
        hass,
        record_property,
        f"reloads{site.of}",
        reload,
        warm_up=5 if share < 1 else 20,
        times=int(1_000 * share),
    )
    await pdk.sockets(site.id, 1)
    await pdk.act(site.id, 1, "hold")
    await wait_for_state(hass, site.lock, "unlocked")


@pytest.mark.parametrize("share", SHARES)
async def test_renewals(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
    share: float,
) -> None:
    """Test tokens that are renewed; in PDK 2.0 each needs a new connection."""
    set_constants(monkeypatch, min_token_life=0.01, renewal_grace=0.01, overlap=0.05)
    stream = site.entry.runtime_data.stream

    async def renew() -> None:
        renewals = stream.stats.renewals
        stream._renewer.handle_rejection()
        await wait_until(lambda: stream.stats.renewals > renewals, 60)
        await wait_until(lambda: not stream._renewer.rejected.is_set(), 60)
        # an event shows that the token is accepted
        await pdk.act(site.id, 1, "lock" if renewals % 2 else "hold")
        state = "locked" if renewals % 2 else "unlocked"
        await wait_for_state(hass, site.lock, state, 60)

    await soak(
        hass,
        record_property,
        f"renewals{site.of}",
        renew,
        warm_up=5 if share < 1 else 20,
        times=int(1_000 * share),
    )
