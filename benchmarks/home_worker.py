"""A Home Assistant with panels, told what to measure: `… FEEDER_URL PANELS DOORS`."""

import asyncio
from collections.abc import Mapping
from functools import partial
import logging
import sys
import time
from typing import Any

import orjson

from custom_components.prodatakey.pdk.doors import Aspect, apply
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_platform
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .arrivals import Arrivals, percentiles
from .bare_stream import (
    BARE_LOCK,
    FLOOR,
    BareStream,
    async_add_bare_lock,
    async_add_bare_sensors,
)
from .collector import Collector
from .feeder import panel_id
from .home import add_panel, home, until_connected
from .processes import Handler, answer

LOOP_TICK = 0.002


class HomeWorker:
    """What is measured inside a Home Assistant."""

    def __init__(self, hass: HomeAssistant, url: str, panels: int, doors: int) -> None:
        """Set up later."""
        self._hass = hass
        self._url = url
        self._doors = doors
        self._panels = [panel_id(number, doors) for number in range(panels)]
        self._in_turn = panel_id(997, doors)
        self._collector = Collector()
        self._session = async_get_clientsession(hass)

    async def prepare(self) -> None:
        """Set the panels up, and next to them what they are compared with."""
        for panel in self._panels:
            entry = await add_panel(self._hass, self._url, panel)
            self._coordinator = entry.runtime_data
            await until_connected(entry)
        floor = BareStream(self._session, self._url, FLOOR)
        await async_add_bare_lock(self._hass, floor)
        await async_add_bare_sensors(self._hass, floor, 1)
        await floor.open()
        self._arrivals = Arrivals(self._hass)

    def handlers(self) -> dict[str, Handler]:
        """Return what can be asked for."""
        return {
            "events": partial(self._events, self._panels),
            "floor": partial(self._events, [FLOOR]),
            "add_in_turn": self._add_in_turn,
            "in_turn": partial(self._events, [self._in_turn]),
            "fan_out": self._fan_out,
            "pace": self._pace,
            "command": self._command,
            "idle": self._idle,
            "saturate": self._saturate,
        }

    async def _events(self, panels: list[str], count: int) -> Mapping[str, float]:
        """Return the CPU seconds that so many events take, from frame to state."""
        arrived = self._arrivals.expect(count)
        started, collected = time.process_time(), self._collector.seconds
        await self._control("send", panels=panels, count=count)
        await arrived
        return {
            "cpu": time.process_time() - started,
            "collecting": self._collector.seconds - collected,
        }

    async def _add_in_turn(self) -> None:
        """Add as many bare sensors as there are doors, whose events come in turn."""
        stream = BareStream(self._session, self._url, self._in_turn)
        await async_add_bare_sensors(self._hass, stream, self._doors)
        await stream.open()

    async def _fan_out(self, count: int) -> Mapping[str, float]:
        """Return the CPU seconds of the usual coordinator with the same entities."""
        # Each door twice, so that every state is afterwards what it was.
        panel = panel_id(999, count // 2)
        usual = DataUpdateCoordinator(
            self._hass,
            logging.getLogger(__name__),
            config_entry=self._coordinator.config_entry,
            name="usual",
        )
        platforms = entity_platform.async_get_platforms(self._hass, "prodatakey")
        stop = [
            usual.async_add_listener(entity.async_write_ha_state)
            for platform in platforms
            for entity in platform.entities.values()
        ]

        def take(_: str, event: Any) -> None:
            door = self._coordinator.doors.known[event["body"]["doorId"]]
            door.state = apply(door.state, Aspect.DPS, not door.state.dps)
            usual.async_set_updated_data(self._coordinator.doors.known)

        stream = BareStream(self._session, self._url, panel, take)
        await stream.open()
        seconds = await self._events([panel], count)
        await stream.close()
        for stop_listening in stop:
            stop_listening()
        return seconds

    async def _pace(self, rate: float, count: int, floor: bool = True) -> Any:
        """Return percentiles of the time from sending to state, in milliseconds.

        The floor's events go in between ours, so that both meet the same machine.
        """
        panels = [*self._panels, *([FLOOR] if floor else [])]
        arrived = self._arrivals.expect(count)
        cpu = time.process_time()
        sent = await self._control("pace", panels=panels, count=count, rate=rate)
        await arrived
        cpu = time.process_time() - cpu
        by_panel = {
            panel: [
                (there - here) / 1e6
                for here, there in zip(times, self._arrivals.of(panel), strict=True)
            ]
            for panel, times in sent.items()
        }
        ours = [each for panel in self._panels for each in by_panel[panel]]
        return {
            "ours": percentiles(ours),
            "floor": percentiles(by_panel.get(FLOOR, ours)),
            "cpu": cpu / count,
        }

    async def _command(self, count: int) -> dict[str, list[list[float]]]:
        """Return the times of commands to the wire and back, in milliseconds."""
        locks = {"ours": "lock.door_1", "bare": BARE_LOCK}
        times: dict[str, list[list[float]]] = {which: [] for which in locks}
        for _ in range(count):
            for which, entity_id in locks.items():
                times[which].append(await self._unlock(entity_id))
        return times

    async def _unlock(self, entity_id: str) -> list[float]:
        """Return the milliseconds from call to wire, and from result to return."""
        called = time.monotonic_ns()
        await self._hass.services.async_call(
            "lock", "unlock", {"entity_id": entity_id}, blocking=True
        )
        returned = time.monotonic_ns()
        on_the_wire, result = await self._control("command")
        return [(on_the_wire - called) / 1e6, (returned - result) / 1e6]

    async def _idle(self, seconds: float) -> dict[str, Any]:
        """Return the CPU seconds of doing nothing, and the frames sent meanwhile."""
        await self._control("received")
        started = time.process_time()
        await asyncio.sleep(seconds)
        cpu = time.process_time() - started
        return {"cpu": cpu, "frames": await self._control("received")}

    async def _saturate(self, count: int) -> dict[str, float]:
        """Return what happens when events come faster than they can be handled."""
        watching = asyncio.create_task(self._latest_tick())
        started = time.monotonic()
        await self._events(self._panels, count)
        seconds = time.monotonic() - started
        watching.cancel()
        return {"rate": count / seconds, "tick": self._latest}

    async def _latest_tick(self) -> None:
        """Keep the longest time that others had to wait for the event loop."""
        self._latest = 0.0
        while True:
            due = time.monotonic() + LOOP_TICK
            await asyncio.sleep(LOOP_TICK)
            self._latest = max(self._latest, time.monotonic() - due)

    async def _control(self, what: str, **order: Any) -> Any:
        """Ask the feeder."""
        method = "POST" if order else "GET"
        url = f"{self._url}/control/{what}"
        async with self._session.request(method, url, json=order) as response:
            return orjson.loads(await response.read())


async def _main(url: str, panels: str, doors: str) -> None:
    logging.disable(logging.WARNING)
    async with home() as hass:
        worker = HomeWorker(hass, url, int(panels), int(doors))
        await worker.prepare()
        await answer(worker.handlers())


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
