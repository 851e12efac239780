"""Home Assistant at full debug logging, through every fault: `python -m tests.canary.run FOLDER`.

All that it writes, says or answers is left in FOLDER/written.
"""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
import json
from pathlib import Path
import re
import sys
from typing import Any

from aiohttp import ClientSession

from scripts.demo import simulated_panel
from scripts.home_assistant import HomeAssistantClient, write_configuration
from scripts.processes import DemoError, free_port, lives_until, running, until
from tests.simulator_process import Json, SimulatedPdk

from . import secrets

PANEL = "1070ABC"
CONNECTION = "binary_sensor.headquarters_connection"
LOCK = "lock.canary_cage"
SCENARIO: Json = {
    "applications": [
        {"client_id": secrets.CLIENT_ID, "client_secret": secrets.CLIENT_SECRET}
    ],
    "panels": [
        {
            "id": PANEL,
            "name": "Headquarters",
            "doors": [{"id": 1, "name": secrets.DOOR, "dps": True, "rex": True}],
            "people": [
                {
                    "id": secrets.PERSON_ID,
                    "firstName": secrets.FIRST_NAME,
                    "lastName": secrets.LAST_NAME,
                }
            ],
        }
    ],
}
HTTP_FAULTS: tuple[Json, ...] = (
    *({"status": status} for status in (400, 401, 403, 404, 429, 500, 502)),
    {"status": 200, "body": "html"},
    {"status": 200, "body": "truncated"},
    {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}},
    {"abort": True},
)
HANDSHAKES: tuple[Json, ...] = (
    *({"mode": "http", "status": status} for status in (400, 403, 404, 429, 502)),
    *({"mode": mode} for mode in ("error44", "disconnect", "kick", "abort")),
)
FRAMES = ("41", '44"Authorization has failed."', "1", "garbage", "42[", "2", "9")


class Canary:
    """One run."""

    def __init__(
        self, hass: HomeAssistantClient, pdk: SimulatedPdk, written: Path
    ) -> None:
        """Take both ends."""
        self._hass = hass
        self._pdk = pdk
        self._written = written
        self._entry = ""
        self._answers = 0

    async def add(self) -> None:
        """Add the panel, with people not to be recorded, after a typing error."""
        credentials = {
            "client_id": secrets.CLIENT_ID,
            "client_secret": secrets.CLIENT_SECRET,
        }
        wrong = credentials | {"client_secret": secrets.WRONG_SECRET}
        with suppress(DemoError):
            await self._hass.configure("prodatakey", wrong, wrong)
        await self._hass.configure("prodatakey", credentials, {"panel_id": PANEL})
        path = "/api/config/config_entries/entry?domain=prodatakey"
        (entry,) = await self._hass.call("GET", path)
        self._entry = entry["entry_id"]
        await self._connected()
        flow = "/api/config/config_entries/options/flow"
        form = await self._hass.call("POST", flow, json={"handler": self._entry})
        await self._hass.call(
            "POST", f"{flow}/{form['flow_id']}", json={"record_people": False}
        )
        await asyncio.sleep(1)
        await self._connected()
        flow = "/api/config/config_entries/flow"
        start = {"handler": "prodatakey", "entry_id": self._entry}
        form = await self._hass.call("POST", flow, json=start)
        await self._hass.call("POST", f"{flow}/{form['flow_id']}", json=wrong)

    async def live(self) -> None:
        """Let people come and go, and type what they should keep to themselves."""
        await self._pdk.act(PANEL, 1, "badge", person=secrets.PERSON_ID)
        await self._pdk.act(PANEL, 1, "badge", pin=secrets.PIN)
        await self._pdk.act(PANEL, 1, "badge", card=secrets.CARD)
        for topic in ("door.request.unknown", "door.request.allowed", "liveEvent"):
            for payload in (
                {
                    "body": {
                        "pin": secrets.PIN,
                        "person": {"firstName": secrets.FIRST_NAME},
                    }
                },
                {
                    "body": {
                        "doorId": 1,
                        "pin": secrets.PIN,
                        "person": secrets.LAST_NAME,
                    }
                },
                {"info": "%s", "placeholders": [{"text": secrets.PIN, "type": "x"}]},
                [secrets.PIN, secrets.LAST_NAME],
                secrets.PIN,
            ):
                await self._pdk.emit(PANEL, topic, payload)
        await self._pdk.emit(PANEL, secrets.LAST_NAME, {"pin": secrets.PIN})
        for action in ("unlock", "lock", "open"):
            await self._act(action)

    async def _act(self, action: str) -> None:
        """Use the lock, whatever comes of it."""
        with suppress(DemoError):
            path = f"/api/services/lock/{action}"
            await self._hass.call("POST", path, json={"entity_id": LOCK})

    async def suffer(self) -> None:
        """Go through the faults, one after the other."""
        for kind in ("token", "ous", "panel_token", "devices"):
            for fault in HTTP_FAULTS:
                await self._pdk.faults(None, **{kind: fault})
                await self._reload()
                await self._pdk.faults(None, **{kind: None})
        for fault in HANDSHAKES:
            await self._pdk.faults(PANEL, handshake=fault)
            await self._reload()
            await asyncio.sleep(0.3)
            await self._pdk.faults(PANEL, handshake=None)
        for commands in ("ignored", "silent", {"refuse": f"No, {secrets.DOOR}."}):
            await self._reload()
            await self._connected()
            await self._pdk.faults(PANEL, commands=commands)
            acting = asyncio.create_task(self._act("unlock"))
            await asyncio.sleep(0.5)
            await self._pdk.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
            await acting
            await self._pdk.faults(PANEL, commands=None)
        for frame in FRAMES:
            await self._reload()
            await self._connected()
            await self._pdk.control("POST", f"panels/{PANEL}/raw", {"frame": frame})
        await self._expire()
        await self._pdk.control("POST", f"panels/{PANEL}/offline")
        await asyncio.sleep(2)
        await self._pdk.control("POST", f"panels/{PANEL}/online")
        await self._reload()
        await self._connected()

    async def _expire(self) -> None:
        """Let tokens die, at rest and unrenewed."""
        await self._pdk.faults(PANEL, panel_token_lifetime=2)
        await self._pdk.faults(id_token_lifetime=2)
        await self._reload()
        await self._connected()
        await asyncio.sleep(3)
        for status in (401, 403, 500):
            await self._pdk.faults(PANEL, panel_token={"status": status})
            await asyncio.sleep(2)
            await self.live()
            await self._pdk.faults(PANEL, panel_token=None)
            await self._reload()
            await self._connected()
        await self._pdk.faults(PANEL, panel_token_lifetime=300)

    async def ask(self) -> None:
        """Keep what Home Assistant tells whoever asks."""
        for path in (
            "/api/states",
            "/api/history/period?filter_entity_id=" + LOCK,
            "/api/logbook",
            f"/api/diagnostics/config_entry/{self._entry}",
            "/api/config/config_entries/entry?domain=prodatakey",
        ):
            answer = await self._hass.call("GET", path)
            self._answers += 1
            file = self._written / f"answer-{self._answers}.json"
            file.write_text(json.dumps(answer))

    async def _reload(self) -> None:
        path = f"/api/config/config_entries/entry/{self._entry}/reload"
        with suppress(DemoError):
            await self._hass.call("POST", path)

    async def _connected(self) -> None:
        async def connected() -> bool | None:
            state: Any = await self._hass.call("GET", f"/api/states/{CONNECTION}")
            return state["state"] == "on" or None

        await until("connection of the panel", connected, 60)


def _log_everything(config: Path) -> None:
    """Set every logger of the configuration to debug."""
    file = config / "configuration.yaml"
    text = file.read_text()
    file.write_text(
        re.sub(r"(?ms)^logger:\n.*?\n\n", "logger:\n  default: debug\n\n", text)
    )


@asynccontextmanager
async def home_assistant(
    written: Path, hass: HomeAssistantClient, port: int, accounts_url: str
) -> AsyncGenerator[Process]:
    """Run it, with its first user."""
    config, log = written / "config", written / "output.log"
    write_configuration(config, port)
    _log_everything(config)
    command = (sys.executable, "-m", "homeassistant", "--config", str(config))
    arguments = (*command, "--log-file", str(written / "home-assistant.log"))
    env = {"PDK_ACCOUNTS_URL": accounts_url, "PYTHONASYNCIODEBUG": "1"}
    async with running(*arguments, log=log, folder=config, env=env) as process:
        await lives_until(process, log, hass.wait_until_it_answers())
        await hass.onboard()
        await lives_until(process, log, hass.wait_until_it_runs())
        yield process


def _keep_process(process: Process, written: Path) -> None:
    """Keep what the process list shows."""
    for name in ("cmdline", "comm"):
        shown = Path(f"/proc/{process.pid}/{name}")
        if shown.exists():
            (written / f"process-{name}").write_bytes(shown.read_bytes())


async def main(folder: Path) -> None:
    """Run it all."""
    written = folder / "written"
    written.mkdir(parents=True)
    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps(SCENARIO))
    port = free_port()
    async with (
        simulated_panel(folder, "--port", "0", "--scenario", str(scenario)) as (
            _,
            addresses,
        ),
        ClientSession() as session,
        SimulatedPdk(addresses) as pdk,
    ):
        hass = HomeAssistantClient(session, f"http://127.0.0.1:{port}")
        accounts = addresses["accounts_url"]
        async with home_assistant(written, hass, port, accounts) as process:
            canary = Canary(hass, pdk, written)
            await canary.add()
            await canary.live()
            await canary.suffer()
            await canary.live()
            await canary.ask()
            _keep_process(process, written)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
