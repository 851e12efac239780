"""The demo's Home Assistant: its configuration, its user and its REST API."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientConnectionError, ClientError, ClientSession

from homeassistant.components.http import config as http_config
from homeassistant.util.dt import utcnow

from .demo_options import ROOT
from .integrations import DEMO_INTEGRATIONS
from .processes import DemoError, until

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
    # Warnings about missing system libraries that are not needed: ffmpeg, libturbojpeg, isal.
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
{start_dashboard}
automation: !include automations.yaml
script: !include scripts.yaml
scene: !include scenes.yaml
"""


START_DASHBOARD = """\
    start-dashboard:
      mode: yaml
      title: Start
      icon: mdi:rocket-launch
      filename: start.yaml
"""
START_PAGE = """\
views:
  - title: Start
    cards:
      - type: markdown
        title: Add the ProdataKey integration
        content: >
          1. Open [Add ProdataKey](/config/integrations/dashboard/add?domain=prodatakey),
          or *Settings*, *Devices & services*, *Add integration*, **ProdataKey**.

          2. The client ID is `demo`, the client secret `demo-secret`.

          3. Choose the panel *Headquarters*.


          Then [Doors](/doors-dashboard) shows its doors.
"""


def _stored(key: str, data: Mapping[str, Any], version: int, minor: int = 1) -> str:
    """Return data in the format of Home Assistant's storage."""
    return json.dumps(
        {"version": version, "minor_version": minor, "key": key, "data": data}
    )


def _http(port: int) -> str:
    """Return the settings to listen on this machine only.

    Home Assistant would revert an `http:` in the YAML after some minutes.
    """
    address = {"server_host": ["127.0.0.1"], "server_port": port}
    trial = {"created_at": utcnow().isoformat(), "error": None, "error_message": None}
    stable = http_config.HTTP_STORAGE_SCHEMA(address) | trial
    return _stored(
        "http",
        {"stable": stable, "pending": None, "yaml_migration_done": True},
        http_config.STORAGE_VERSION,
        http_config.STORAGE_MINOR_VERSION,
    )


def _time_zone() -> str:
    """Return the name of this machine's time zone."""
    _, _, name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return name or "UTC"


def write_configuration(folder: Path, port: int, *, start_page: bool = False) -> None:
    """Create a configuration folder; change only the port of an existing one.

    It opens on the dashboard of the doors, or on a page that says how to add them.
    """
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    (storage / "http").write_text(_http(port))
    if (folder / "configuration.yaml").exists():
        return
    (folder / "custom_components").symlink_to(ROOT / "custom_components")
    for name in ("automations", "scripts", "scenes"):
        (folder / f"{name}.yaml").write_text("[]\n" if name != "scripts" else "{}\n")
    # The other steps of the onboarding would search for devices and need the internet.
    done = {"done": ["core_config", "analytics", "integration"]}
    (storage / "onboarding").write_text(_stored("onboarding", done, 4))
    first = "start-dashboard" if start_page else "doors-dashboard"
    opens_on = {"core": {"default_panel": first}}
    (storage / "frontend.system_data").write_text(
        _stored("frontend.system_data", opens_on, 1)
    )
    (folder / "dashboard.yaml").symlink_to(DASHBOARD)
    (folder / "start.yaml").write_text(START_PAGE)
    (folder / "configuration.yaml").write_text(
        CONFIGURATION.format(
            time_zone=_time_zone(),
            dashboard=DASHBOARD.name,
            start_dashboard=START_DASHBOARD if start_page else "",
            integrations="".join(f"{domain}:\n" for domain in DEMO_INTEGRATIONS),
        )
    )


class HomeAssistantClient:
    """The REST API of a running Home Assistant."""

    def __init__(self, session: ClientSession, url: str, token: str = "") -> None:
        """Initialize the client."""
        self._session = session
        self.url = url
        self.token = token

    async def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Send a request; return the JSON of the response."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            async with self._session.request(
                method, f"{self.url}{path}", headers=headers, **arguments
            ) as response:
                if response.status >= 400:
                    text = await response.text()
                    raise DemoError(f"{method} {path}: {response.status} {text}")
                return await response.json()
        except ClientError as error:
            raise DemoError(f"{method} {path}: {error}") from error

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
        """Wait until the start is complete."""
        await until("end of the start", self._runs, START_TIMEOUT)

    async def _runs(self) -> bool | None:
        return (await self.call("GET", "/api/config"))["state"] == "RUNNING" or None

    async def onboard(self) -> Self:
        """Create the first user and a long-lived token."""
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
        self.token = await self._long_lived_token()
        return self

    async def _long_lived_token(self) -> str:
        """Return a token that does not expire after half an hour."""
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

    async def entries(self, domain: str) -> list[dict[str, Any]]:
        """Return the config entries of an integration."""
        path = f"/api/config/config_entries/entry?domain={domain}"
        entries: list[dict[str, Any]] = await self.call("GET", path)
        return entries

    async def configure(self, domain: str, *answers: Mapping[str, Any]) -> None:
        """Complete a config flow with the given answers to its forms."""
        flows = "/api/config/config_entries/flow"
        step = await self.call("POST", flows, json={"handler": domain})
        for answer in answers:
            if step["type"] != "form" or step["errors"]:
                break
            step = await self.call("POST", f"{flows}/{step['flow_id']}", json=answer)
        if step["type"] != "create_entry":
            reason = step.get("errors") or step.get("reason") or step["type"]
            raise DemoError(f"the integration was not added: {reason}")
