"""Kill Home Assistant in moves: `python -m tests.power_cut.run FOLDER SEED KILLS`.

FOLDER/found.json has what was found for each direction, FOLDER/kills.log a line for each.
"""

import asyncio
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
import json
from pathlib import Path
from random import Random
import sys
from typing import Any

from aiohttp import ClientSession

from scripts.demonstration.demo import simulated_panel
from scripts.demonstration.home_assistant import (
    CREDENTIALS,
    HomeAssistantClient,
    write_configuration,
)
from scripts.demonstration.processes import (
    DemoError,
    free_port,
    lives_until,
    running,
    until,
)
from tests.simulator_process import Json, SimulatedPdk

DOMAIN = "prodatakey"
PANEL = "1070ABC"
SYSTEM = "ea5df7cb-8ea9-443d-9866-b5c44c05b46d"
CONNECTION = "binary_sensor.headquarters_connection"
LOCK, GATE = "lock.ours", "lock.warehouse_gate"
DND = "switch.front_door_do_not_disturb"
LONGEST = 12.0
"""Seconds after which everything is saved: the registries wait for 10."""
SHORTEST = 3.0
"""Seconds in which the site is found, the move written and the entry set up."""
DIRECTIONS = {
    "2.0": {"stage": "completed", "systemId": SYSTEM},
    "1.0": {"stage": "rolledback"},
}
CONFIGURATION = """\
homeassistant:
  name: Home
  time_zone: UTC
logger:
  default: warning
api:
config:
repairs:
automation: !include automations.yaml
"""


class House:
    """Home Assistant's API, and the panel that moves."""

    def __init__(self, hass: HomeAssistantClient, pdk: SimulatedPdk) -> None:
        """Initialize the house."""
        self.hass = hass
        self.pdk = pdk

    async def add_panel(self) -> None:
        """Create the user, and add the panel."""
        await self.hass.onboard()
        await self.hass.wait_until_it_runs()
        panel, mode = {"panel_id": PANEL}, {"unlock_mode": "hold"}
        await self.hass.configure(DOMAIN, CREDENTIALS, panel, mode)
        await self.wait_until_connected()

    async def furnish(self) -> None:
        """Add the panel, and use it as people do: names, an area, an automation."""
        await self.add_panel()
        (entry,) = await self.hass.entries(DOMAIN)
        discover = {"config_entry_id": entry["entry_id"], "wait": 1}
        await self.hass.act(f"{DOMAIN}.discover_endpoints", discover)
        area = await self.hass.send("config/area_registry/create", name="Lobby")
        (device_id,) = {
            each["device_id"]
            for each in await self._entities()
            if each["entity_id"] == "lock.front_door"
        }
        await self.hass.send(
            "config/device_registry/update",
            device_id=device_id,
            area_id=area["area_id"],
            name_by_user="Our door",
        )
        for old, new in (("lock.front_door", LOCK), (DND, "switch.quiet")):
            await self.hass.send(
                "config/entity_registry/update",
                entity_id=old,
                new_entity_id=new,
                name="Ours",
            )
        automation = {
            "alias": "Lobby",
            "triggers": {"trigger": "state", "entity_id": [LOCK, GATE]},
            "conditions": {"condition": "state", "entity_id": LOCK, "state": "locked"},
            "actions": {"action": "lock.lock", "target": {"device_id": device_id}},
        }
        path = "/api/config/automation/config/lobby"
        await self.hass.call("POST", path, json=automation)

    async def picture(self) -> Json:
        """Return all devices and entities, and what automations use."""
        keys = ("id", "entity_id", "unique_id", "name", "area_id", "disabled_by")
        entities = {
            each["entity_id"]: [each[key] for key in (*keys, "device_id")]
            for each in await self._entities()
        }
        listed = await self.hass.send("config/device_registry/list")
        devices = {
            each["id"]: [each["identifiers"], each["name_by_user"], each["area_id"]]
            for each in listed
            if DOMAIN in {domain for domain, _ in each["identifiers"]}
        }
        used: Json = {}
        for each in ("automation.lobby", LOCK, GATE):
            state = await self.hass.call("GET", f"/api/states/{each}")
            used[each] = state["state"] != "unavailable"
        related = await self.hass.send(
            "search/related", item_type="automation", item_id="automation.lobby"
        )
        used["related"] = sorted(related["entity"]), sorted(related["device"])
        return {"entities": entities, "devices": devices, "used": used}

    async def _entities(self) -> list[Json]:
        """Return the entities of the panel, as they are registered."""
        listed: list[Json] = await self.hass.send("config/entity_registry/list")
        return [each for each in listed if each["platform"] == DOMAIN]

    async def wait_until_connected(self) -> None:
        """Wait until the panel is connected."""
        await until("connection", self._is_connected, 90)

    async def has_moved(self, key: str) -> bool:
        """Wait for the connection or for a repair; return whether it is the first."""

        async def is_settled() -> bool | None:
            if key in await self.issues():
                return False
            return await self._is_connected()

        return await until(f"connection, or repair {key}", is_settled, 90)

    async def _is_connected(self) -> bool | None:
        """Return whether the panel is connected, None if not."""
        with suppress(DemoError):
            state: Any = await self.hass.call("GET", f"/api/states/{CONNECTION}")
            return state["state"] == "on" or None
        return None

    async def wait_for_issue(self, key: str) -> None:
        """Wait for a repair."""

        async def is_there() -> bool | None:
            return key in await self.issues() or None

        await until(f"repair {key}", is_there, 90)

    async def issues(self) -> set[str]:
        """Return the repairs of the panel: of a move the generation, else the key."""
        listed = (await self.hass.send("repairs/list_issues"))["issues"]
        return {
            each["translation_placeholders"].get("generation", each["translation_key"])
            for each in listed
            if each["domain"] == DOMAIN
        }

    async def open_form(self) -> str:
        """Open the form of the repair; return where it is submitted to."""
        path = "/api/repairs/issues/fix"
        start = {"handler": DOMAIN, "issue_id": f"panel_moved_{PANEL}"}
        form = await self.hass.call("POST", path, json=start)
        return f"{path}/{form['flow_id']}"

    async def submit(self, form: str) -> None:
        """Submit the form of a repair."""
        ended = await self.hass.call("POST", form, json={})
        assert ended["type"] == "create_entry", ended

    async def move(self, key: str) -> Json:
        """Move the site and the entry without a disturbance; return the picture."""
        await self.pdk.migrate(PANEL, **DIRECTIONS[key])
        await self.wait_for_issue(key)
        await self.submit(await self.open_form())
        await self.wait_until_connected()
        return await self.picture()


@asynccontextmanager
async def home_assistant(
    config: Path, hass: HomeAssistantClient, accounts_url: str
) -> AsyncGenerator[Process]:
    """Run Home Assistant until the end of the block."""
    log = config.parent / "output.log"
    command = (sys.executable, "-m", "homeassistant", "--config", str(config))
    env = {"PDK_ACCOUNTS_URL": accounts_url}
    async with running(*command, log=log, folder=config, env=env) as process:
        await lives_until(process, log, hass.wait_until_it_answers())
        if hass.token:
            await lives_until(process, log, hass.wait_until_it_runs())
        yield process


class Kills:
    """Moves that are killed, and what the next start has made of them."""

    def __init__(self, house: House, config: Path, accounts_url: str) -> None:
        """Initialize; nothing was killed yet."""
        self._house = house
        self._run = (config, house.hass, accounts_url)
        self.expected: dict[str, Json] = {}
        self.found: dict[str, Counter[str]] = {key: Counter() for key in DIRECTIONS}

    async def prepare(self) -> None:
        """Furnish the house, and move there and back without a disturbance."""
        async with home_assistant(*self._run):
            await self._house.furnish()
            before = await self._house.picture()
        async with home_assistant(*self._run):
            await self._house.wait_until_connected()
            for key in DIRECTIONS:
                self.expected[key] = await self._house.move(key)
        assert self.expected["1.0"] == before

    async def kill(self, key: str, after: float) -> Json:
        """Submit a repair, kill Home Assistant so many seconds later; return what is then."""
        found = self.found[key]
        async with home_assistant(*self._run) as process:
            await self._house.wait_until_connected()
            await self._house.pdk.migrate(PANEL, **DIRECTIONS[key])
            await self._house.wait_for_issue(key)
            form = await self._house.open_form()
            submitting = asyncio.create_task(self._house.submit(form))
            await asyncio.sleep(after)
            process.kill()
            await process.wait()
            with suppress(DemoError):
                await submitting
        async with home_assistant(*self._run):
            found["kills"] += 1
            if await self._house.has_moved(key):
                found["finished"] += 1
            else:
                found["not written down"] += 1
                await self._house.submit(await self._house.open_form())
                await self._house.wait_until_connected()
            picture = await self._house.picture()
            left = await self._house.issues()
            difference = _difference(picture, self.expected[key])
            if left or any(difference.values()):
                found["wrong"] += 1
            return {"after": round(after, 2), **found, "left": [*left], **difference}


def _difference(picture: Json, expected: Json) -> Json:
    """Return what is not as expected, by kind."""
    return {
        kind: [
            (name, part.get(name), expected[kind].get(name))
            for name in {*part, *expected[kind]}
            if part.get(name) != expected[kind].get(name)
        ]
        for kind, part in picture.items()
    }


async def main(folder: Path, seed: int, count: int) -> None:
    """Kill so many moves in each direction."""
    random = Random(seed)
    config = folder / "config"
    port = free_port()
    write_configuration(config, port)
    (config / "configuration.yaml").write_text(CONFIGURATION)
    async with (
        simulated_panel(folder, "--port", "0") as (_, addresses),
        ClientSession() as session,
        SimulatedPdk(addresses) as pdk,
    ):
        hass = HomeAssistantClient(session, f"http://127.0.0.1:{port}")
        kills = Kills(House(hass, pdk), config, addresses["accounts_url"])
        await kills.prepare()
        for number in range(count):
            for key in DIRECTIONS:
                # half of them about the time when the move is written and begins
                after = random.uniform(0, LONGEST if number % 2 else SHORTEST)
                line = {"repair": key} | await kills.kill(key, after)
                with (folder / "kills.log").open("a") as log:
                    log.write(f"{json.dumps(line)}\n")
    (folder / "found.json").write_text(json.dumps(kills.found))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
