"""Home Assistant at full debug logging, through every fault: `python -m tests.canary.run FOLDER`.

All that it writes or answers is left in FOLDER/written.
"""

# Before anything of the test plugin, as in pytest.
import tests.pytest_ha_compat  # noqa: F401  # isort: skip

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
import json
from pathlib import Path
import re
import sys
from typing import Any, override

from aiohttp import ClientSession

from scripts.demonstration.demo import simulated_panel
from scripts.demonstration.home_assistant import (
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
from tests.common import PANEL, WORKSHOP
from tests.pdk.common import send_frame, wait_for_requests
from tests.simulator_process import Json, SimulatedPdk

from . import secrets

CREDENTIALS = {"client_id": secrets.CLIENT_ID, "client_secret": secrets.CLIENT_SECRET}
WRONG_CREDENTIALS = CREDENTIALS | {"client_secret": secrets.WRONG_SECRET}
PERSON = {"firstName": secrets.FIRST_NAME, "lastName": secrets.LAST_NAME}
SCENARIO: Json = {
    "applications": [CREDENTIALS],
    "panels": [
        {
            "id": PANEL,
            "name": "Headquarters",
            "doors": [{"id": 1, "name": secrets.DOOR, "dps": True, "rex": True}],
            "people": [{"id": secrets.PERSON_ID, **PERSON}],
        },
        {
            "id": WORKSHOP,
            "name": "Workshop",
            "generation": 2,
            "doors": [{"id": 1, "name": f"{secrets.DOOR} 2", "dps": True}],
            "people": [{"id": secrets.PERSON_ID, **PERSON}],
        },
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
PAYLOADS: tuple[object, ...] = (
    {"body": {"pin": secrets.PIN, "person": PERSON}},
    {"body": {"doorId": 1, "pin": secrets.PIN, "person": secrets.LAST_NAME}},
    {"info": "%s", "placeholders": [{"text": secrets.PIN, "type": "x"}]},
    [secrets.PIN, secrets.LAST_NAME],
    secrets.PIN,
)


class Canary:
    """A panel in Home Assistant, and both ends of it."""

    panel = PANEL
    connection = "binary_sensor.headquarters_connection"
    lock = "lock.canary_cage"
    connect = "connect"
    """The kind of request that opens a connection."""
    requests: tuple[str, ...] = ("token", "ous", "panel_token", "devices")
    topics: tuple[str, ...] = (
        "door.request.unknown",
        "door.request.allowed",
        "liveEvent",
    )

    def __init__(self, hass: HomeAssistantClient, pdk: SimulatedPdk) -> None:
        """Initialize without an entry."""
        self._hass = hass
        self._pdk = pdk
        self._entry = ""

    async def add(self) -> None:
        """Add the panel after a typing error, and do not record people."""
        path = "/api/config/config_entries/entry?domain=prodatakey"
        credentials = CREDENTIALS
        for known in await self._hass.call("GET", path):
            credentials = {"credentials": known["entry_id"]}
        with suppress(DemoError):
            await self._hass.configure(
                "prodatakey", WRONG_CREDENTIALS, WRONG_CREDENTIALS
            )
        await self._hass.configure(
            "prodatakey", credentials, {"panel_id": self.panel}, {"unlock_mode": "hold"}
        )
        for entry in await self._hass.call("GET", path):
            self._entry = entry["entry_id"]
        await self._wait_for_state("on")
        connects = (await self._pdk.requests())[self.connect]
        await self._submit("options/flow", self._entry, {"record_people": False})
        await wait_for_requests(self._pdk, self.connect, connects + 1, 60)
        await self._wait_for_state("on")
        await self._submit("flow", "prodatakey", WRONG_CREDENTIALS, self._entry)

    async def _submit(
        self, flow: str, handler: str, data: Json, entry: str | None = None
    ) -> None:
        """Submit the first form of a flow."""
        path = f"/api/config/config_entries/{flow}"
        start = {"handler": handler} | ({"entry_id": entry} if entry else {})
        form = await self._hass.call("POST", path, json=start)
        await self._hass.call("POST", f"{path}/{form['flow_id']}", json=data)

    async def use_doors(self) -> None:
        """Let people come and go, and enter what must stay secret."""
        for credential in (
            {"person": secrets.PERSON_ID},
            {"pin": secrets.PIN},
            {"card": secrets.CARD},
        ):
            await self._pdk.act(self.panel, 1, "badge", **credential)
        for topic in self.topics:
            for payload in PAYLOADS:
                await self._pdk.emit(self.panel, topic, payload)
        await self._pdk.emit(self.panel, secrets.LAST_NAME, {"pin": secrets.PIN})
        for action in ("unlock", "lock", "open"):
            await self._act(action)

    async def _act(self, action: str) -> None:
        """Use the lock, with whatever outcome."""
        with suppress(DemoError):
            path = f"/api/services/lock/{action}"
            await self._hass.call("POST", path, json={"entity_id": self.lock})

    async def fail(self) -> None:
        """Go through the faults."""
        for kind in self.requests:
            for fault in HTTP_FAULTS:
                await self._pdk.faults(None, **{kind: fault})
                await self._reload()
                await self._pdk.faults(None, **{kind: None})
        await self._fail_stream()
        await self._pdk.control("POST", f"panels/{self.panel}/offline")
        await self._wait_for_state("off")
        await self._pdk.control("POST", f"panels/{self.panel}/online")
        await self._reconnect()

    async def _fail_stream(self) -> None:
        """Go through the faults of commands and stream."""
        for fault in HANDSHAKES:
            await self._pdk.faults(PANEL, handshake=fault)
            handshakes = (await self._pdk.requests())["handshake"]
            await self._reload()
            await wait_for_requests(self._pdk, "handshake", handshakes + 1, 60)
            await self._pdk.faults(PANEL, handshake=None)
        for commands in ("ignored", "silent", {"refuse": f"No, {secrets.DOOR}."}):
            await self._reconnect()
            await self._pdk.faults(PANEL, commands=commands)
            sent = len(await self._pdk.commands(PANEL, wait=0))
            action = asyncio.create_task(self._act("unlock"))
            await self._pdk.commands(PANEL, after=sent, wait=10)
            await self._pdk.kick(PANEL, "abort")
            await action
            await self._pdk.faults(PANEL, commands=None)
        for frame in FRAMES:
            await self._reconnect()
            await send_frame(self._pdk, frame)
        await self._expire()

    async def _expire(self) -> None:
        """Let tokens expire whose renewal fails."""
        await self._pdk.faults(PANEL, panel_token_lifetime=2)
        await self._pdk.faults(id_token_lifetime=2)
        await self._reconnect()
        renewed = (await self._pdk.requests())["renewed"]
        await wait_for_requests(self._pdk, "renewed", renewed + 1, 60)
        for status in (401, 403, 500):
            await self._pdk.faults(PANEL, panel_token={"status": status})
            await self._wait_for_state("off")
            await self.use_doors()
            await self._pdk.faults(PANEL, panel_token=None)
            await self._reconnect()
        await self._pdk.faults(PANEL, panel_token_lifetime=300)

    async def save_answers(self, written: Path) -> None:
        """Save what Home Assistant answers."""
        for number, path in enumerate(
            (
                "/api/states",
                f"/api/history/period?filter_entity_id={self.lock}",
                "/api/logbook",
                f"/api/diagnostics/config_entry/{self._entry}",
                "/api/config/config_entries/entry?domain=prodatakey",
            )
        ):
            answer = await self._hass.call("GET", path)
            (written / f"answer-{self.panel}-{number}.json").write_text(
                json.dumps(answer)
            )

    async def _reload(self) -> None:
        path = f"/api/config/config_entries/entry/{self._entry}/reload"
        with suppress(DemoError):
            await self._hass.call("POST", path)

    async def _reconnect(self) -> None:
        await self._reload()
        await self._wait_for_state("on")

    async def _wait_for_state(self, wanted: str) -> None:
        async def has_state() -> bool | None:
            state: Any = await self._hass.call("GET", f"/api/states/{self.connection}")
            return state["state"] == wanted or None

        await until(f"connection that is {wanted}", has_state, 90)


class SystemCanary(Canary):
    """A site of PDK 2.0 in Home Assistant."""

    panel = WORKSHOP
    connection = "binary_sensor.workshop_connection"
    lock = "lock.canary_cage_2"
    connect = "system_stream"
    requests = ("system_token", "cloud_nodes", "system_devices", "system_stream")
    topics = ("device.request.unknown", "device.request.duress", "device.alarm.forced")

    @override
    async def use_doors(self) -> None:
        """Let people come and go, and enter what must stay secret, also under duress."""
        await super().use_doors()
        await self._pdk.act(self.panel, 1, "duress", pin=secrets.PIN)
        person = f"{secrets.FIRST_NAME} {secrets.LAST_NAME}"
        for name in ("unknown", "duress", "found", "allowed", "denied"):
            await self._pdk.report(
                *(self.panel, f"device.request.{name}", 1),
                holderName=person,
                holderId=secrets.HOLDER_ID,
                pin=secrets.PIN,
                **{secrets.PIN: secrets.PIN},
            )

    @override
    async def _fail_stream(self) -> None:
        """Go through the faults of commands and stream."""
        for switches in ({"status": 403}, {"status": 409}, {"answers": False}):
            await self._reconnect()
            await self._pdk.switches(self.panel, **switches)
            sent = len(await self._pdk.commands(self.panel, wait=0))
            action = asyncio.create_task(self._act("unlock"))
            await self._pdk.commands(self.panel, after=sent, wait=10)
            await self._pdk.kick(self.panel, "abort")
            await action
            await self._pdk.switches(self.panel, status=200, answers=True)
        await self._pdk.switches(self.panel, refuses_stream=True)
        await self._reload()
        await self._wait_for_state("off")
        await self._pdk.switches(self.panel, refuses_stream=False)
        for renewal in ("event", "cut", "none"):
            await self._pdk.switches(self.panel, renewal=renewal, token_lifetime=2)
            await self._reconnect()
            tokens = (await self._pdk.requests())["system_token"]
            await self.use_doors()
            await wait_for_requests(self._pdk, "system_token", tokens + 2, 60)
        for fault in ("system_token", "system_stream"):
            # {token} becomes that of the request
            body = {"status": 500, "body": f"{{token}} {secrets.PIN}"}
            await self._pdk.faults(None, **{fault: body})
            await self._wait_for_state("off")
            await self._pdk.faults(None, **{fault: None})
            await self._reconnect()
        await self._pdk.switches(self.panel, token_lifetime=300)


@asynccontextmanager
async def home_assistant(
    written: Path, hass: HomeAssistantClient, port: int, accounts_url: str
) -> AsyncGenerator[Process]:
    """Run Home Assistant with its first user, and every logger at debug."""
    config, log = written / "config", written / "output.log"
    write_configuration(config, port)
    file = config / "configuration.yaml"
    everything = "logger:\n  default: debug\n\n"
    file.write_text(re.sub(r"(?ms)^logger:\n.*?\n\n", everything, file.read_text()))
    command = (sys.executable, "-m", "homeassistant", "--config", str(config))
    arguments = (*command, "--log-file", str(written / "home-assistant.log"))
    env = {"PDK_ACCOUNTS_URL": accounts_url, "PYTHONASYNCIODEBUG": "1"}
    async with running(*arguments, log=log, folder=config, env=env) as process:
        await lives_until(process, log, hass.wait_until_it_answers())
        await hass.onboard()
        await lives_until(process, log, hass.wait_until_it_runs())
        yield process


async def main(folder: Path) -> None:
    """Run it all."""
    written = folder / "written"
    written.mkdir(parents=True)
    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps(SCENARIO))
    port = free_port()
    options = ("--port", "0", "--scenario", str(scenario))
    async with (
        simulated_panel(folder, *options) as (_, addresses),
        ClientSession() as session,
        SimulatedPdk(addresses) as pdk,
    ):
        hass = HomeAssistantClient(session, f"http://127.0.0.1:{port}")
        accounts = addresses["accounts_url"]
        async with home_assistant(written, hass, port, accounts) as process:
            for canary in (Canary(hass, pdk), SystemCanary(hass, pdk)):
                await canary.add()
                await canary.use_doors()
                await canary.fail()
                await canary.use_doors()
                await canary.save_answers(written)
            for name in ("cmdline", "comm"):
                shown = Path(f"/proc/{process.pid}/{name}")
                if shown.exists():
                    (written / f"process-{name}").write_bytes(shown.read_bytes())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
