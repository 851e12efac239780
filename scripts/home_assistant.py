"""A Home Assistant of one's own: its folder, its first user, and its REST interface."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientConnectionError, ClientSession

from homeassistant.components.http import config as http_config
from homeassistant.util.dt import utcnow

from .integrations import DEMO_INTEGRATIONS
from .processes import ROOT, DemoError, until

USER = "demo"
PASSWORD = "demo"
START_TIMEOUT = 180
DASHBOARD = ROOT / "docs" / "dashboard.yaml"

CONFIGURATION = """\
homeassistant:
  name: Demo
  country: US
  currency: USD
  unit_system: us_customary
  time_zone: {time_zone}
  latitude: 40.4
  longitude: -111.9
  elevation: 1400

logger:
  default: warning
  logs:
    custom_components.prodatakey: info
    homeassistant.util.package: info
    # Complaints about things of the system that doors do without: ffmpeg, libturbojpeg, isal.
    aiohttp_fast_zlib: error
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical

{integrations}
lovelace:
  dashboards:
    doors-dashboard:
      mode: yaml
      title: Doors
      icon: mdi:door
      filename: {dashboard}

automation: !include automations.yaml
script: !include scripts.yaml
scene: !include scenes.yaml
"""


def _stored(key: str, data: Mapping[str, Any], version: int, minor: int = 1) -> str:
    """Write something down as Home Assistant stores it."""
    return json.dumps(
        {"version": version, "minor_version": minor, "key": key, "data": data}
    )


def _http(port: int) -> str:
    """Listen on this machine only; an `http:` in the YAML would be undone after minutes."""
    address = {"server_host": ["127.0.0.1"], "server_port": port}
    about = {"created_at": utcnow().isoformat(), "error": None, "error_message": None}
    stable = http_config.HTTP_STORAGE_SCHEMA(address) | about
    return _stored(
        "http",
        {"stable": stable, "pending": None, "yaml_migration_done": True},
        http_config.STORAGE_VERSION,
        http_config.STORAGE_MINOR_VERSION,
    )


def _time_zone() -> str:
    """Name this machine's time zone."""
    _, _, name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return name or "UTC"


def write_configuration(folder: Path, port: int) -> None:
    """Make a configuration folder; one that is there already only gets the port."""
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    (storage / "http").write_text(_http(port))
    if (folder / "configuration.yaml").exists():
        return
    (folder / "custom_components").symlink_to(ROOT / "custom_components")
    for name in ("automations", "scripts", "scenes"):
        (folder / f"{name}.yaml").write_text("[]\n" if name != "scripts" else "{}\n")
    # The other steps of the welcome tour would look for devices, and for the internet.
    done = {"done": ["core_config", "analytics", "integration"]}
    (storage / "onboarding").write_text(_stored("onboarding", done, 4))
    opens_on = {"core": {"default_panel": "doors-dashboard"}}
    (storage / "frontend.system_data").write_text(
        _stored("frontend.system_data", opens_on, 1)
    )
    (folder / "dashboard.yaml").symlink_to(DASHBOARD)
    (folder / "configuration.yaml").write_text(
        CONFIGURATION.format(
            time_zone=_time_zone(),
            dashboard=DASHBOARD.name,
            integrations="".join(f"{domain}:\n" for domain in DEMO_INTEGRATIONS),
        )
    )


class HomeAssistantClient:
    """The REST interface of a running Home Assistant."""

    def __init__(self, session: ClientSession, url: str, token: str = "") -> None:
        """Talk to the Home Assistant at this address."""
        self._session = session
        self.url = url
        self.token = token

    async def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Ask, and take the answer's JSON."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._session.request(
            method, f"{self.url}{path}", headers=headers, **arguments
        ) as response:
            if response.status >= 400:
                text = await response.text()
                raise DemoError(f"{method} {path}: {response.status} {text}")
            return await response.json()

    async def wait_until_it_answers(self) -> None:
        """Wait for the web server."""
        await until("web page", self._answers, START_TIMEOUT)

    async def _answers(self) -> bool | None:
        try:
            async with self._session.get(f"{self.url}/manifest.json") as response:
                return response.status == 200 or None
        except ClientConnectionError:
            return None

    async def wait_until_it_runs(self) -> None:
        """Wait until everything is set up."""
        await until("end of the start", self._runs, START_TIMEOUT)

    async def _runs(self) -> bool | None:
        return (await self.call("GET", "/api/config"))["state"] == "RUNNING" or None

    async def onboard(self) -> Self:
        """Create the first user and a token that lasts."""
        client_id = f"{self.url}/"
        user = {
            "client_id": client_id,
            "name": "Demo",
            "username": USER,
            "password": PASSWORD,
            "language": "en",
        }
        created = await self.call("POST", "/api/onboarding/users", json=user)
        grant = {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": created["auth_code"],
        }
        self.token = (await self.call("POST", "/auth/token", data=grant))[
            "access_token"
        ]
        self.token = await self._lasting_token()
        return self

    async def _lasting_token(self) -> str:
        """Get a token that outlives the half hour of the first one."""
        async with self._session.ws_connect(f"{self.url}/api/websocket") as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.token})
            await socket.receive_json()
            await socket.send_json(
                {
                    "id": 1,
                    "type": "auth/long_lived_access_token",
                    "client_name": "Demo script",
                    "lifespan": 365,
                }
            )
            answer = await socket.receive_json()
        token: str = answer["result"]
        return token

    async def entry_state(self, domain: str) -> str | None:
        """Tell the state of an integration's config entry, None without one."""
        path = f"/api/config/config_entries/entry?domain={domain}"
        entries = await self.call("GET", path)
        return entries[0]["state"] if entries else None

    async def configure(self, domain: str, *answers: Mapping[str, Any]) -> None:
        """Go through a config flow with an answer for each of its forms."""
        flows = "/api/config/config_entries/flow"
        step = await self.call("POST", flows, json={"handler": domain})
        for answer in answers:
            if step["type"] != "form" or step["errors"]:
                break
            step = await self.call("POST", f"{flows}/{step['flow_id']}", json=answer)
        if step["type"] != "create_entry":
            reason = step.get("errors") or step.get("reason") or step["type"]
            raise DemoError(f"the integration was not added: {reason}")
