"""The demo's Home Assistant: its configuration, its user and its API."""

import asyncio
from collections.abc import Mapping
import json
from pathlib import Path
import shutil
from typing import Any, Self

from aiohttp import ClientConnectionError, ClientError, ClientSession

from homeassistant.components.http import config as http_config
from homeassistant.util.dt import utcnow

from .integrations import DEMO_INTEGRATIONS
from .options import ALL_ADDRESSES, LOCALHOST, ROOT
from .processes import DemoError, until

USER = "demo"
PASSWORD = "demo"
# Those of the simulated account at pdk.io.
CREDENTIALS = {"client_id": "demo", "client_secret": "demo-secret"}
START_TIMEOUT = 180
CONFIGURATION = Path(__file__).with_name("configuration.yaml")
START_PAGE = Path(__file__).with_name("start.yaml")
BLUEPRINTS = Path("blueprints/automation/prodatakey")
PHONE = Path(__file__).with_name("phone")

START_DASHBOARD = """\
lovelace:
  dashboards:
    start-dashboard:
      mode: yaml
      title: Start
      icon: mdi:rocket-launch
      filename: start.yaml

"""

VOICE_AUTOMATION = """\
- id: voice
  alias: Ask and command doors by voice
  use_blueprint:
    path: prodatakey/voice.yaml
"""


def _stored(key: str, data: Mapping[str, Any], version: int, minor: int = 1) -> str:
    """Return data in the format of Home Assistant's storage."""
    return json.dumps(
        {"version": version, "minor_version": minor, "key": key, "data": data}
    )


def _http(port: int, bind: str) -> str:
    """Return the settings to listen on an address, and on this machine's own.

    Home Assistant would revert an `http:` in the YAML after some minutes.
    """
    hosts = [bind] if bind == ALL_ADDRESSES else sorted({LOCALHOST, bind})
    address = {"server_host": hosts, "server_port": port}
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


def write_configuration(
    folder: Path, port: int, *, start_page: bool = False, bind: str = LOCALHOST
) -> None:
    """Create a configuration folder; change only the address of an existing one.

    It opens on the dashboard of the doors, or on a page that says how to add them.
    """
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    (storage / "http").write_text(_http(port, bind))
    if (folder / "configuration.yaml").exists():
        return
    components = folder / "custom_components"
    components.mkdir()
    # Nothing is loaded from another folder of this name.
    (components / "__init__.py").touch()
    (components / "prodatakey").symlink_to(ROOT / "custom_components" / "prodatakey")
    # Home Assistant prefers it to its own integration of this name.
    (components / "mobile_app").symlink_to(PHONE)
    shutil.copytree(ROOT / BLUEPRINTS, folder / BLUEPRINTS)
    (folder / "automations.yaml").write_text(VOICE_AUTOMATION)
    (folder / "scripts.yaml").write_text("{}\n")
    (folder / "scenes.yaml").write_text("[]\n")
    # The other steps of the onboarding would search for devices and need the internet.
    done = {"done": ["core_config", "analytics", "integration"]}
    (storage / "onboarding").write_text(_stored("onboarding", done, 4))
    first = "start-dashboard" if start_page else "doors-dashboard"
    opens_on = {"core": {"default_panel": first}}
    (storage / "frontend.system_data").write_text(
        _stored("frontend.system_data", opens_on, 1)
    )
    shutil.copy(START_PAGE, folder / "start.yaml")
    template = CONFIGURATION.read_text()
    # The file configures some of them itself.
    others = [each for each in DEMO_INTEGRATIONS if f"\n{each}:\n" not in template]
    (folder / "configuration.yaml").write_text(
        template.format(
            time_zone=_time_zone(),
            start_dashboard=START_DASHBOARD if start_page else "",
            integrations="".join(f"{domain}:\n" for domain in others),
        )
    )


class HomeAssistantClient:
    """The API of a running Home Assistant."""

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
        answer: str = await self.send(
            "auth/long_lived_access_token", client_name="Demo script", lifespan=365
        )
        return answer

    async def send(self, command: str, **fields: Any) -> Any:
        """Send a command of the websocket API; return its result."""
        url = f"{self.url}/api/websocket"
        try:
            async with self._session.ws_connect(url, max_msg_size=0) as socket:
                await socket.receive_json()
                await socket.send_json({"type": "auth", "access_token": self.token})
                await socket.receive_json()
                await socket.send_json({"id": 1, "type": command, **fields})
                answer = await socket.receive_json()
        # A closed connection has no JSON.
        except (ClientError, TypeError) as error:
            raise DemoError(f"{command}: {error}") from error
        if not answer.get("success"):
            raise DemoError(f"{command}: {answer}")
        return answer["result"]

    async def act(self, action: str, fields: Mapping[str, Any]) -> Any:
        """Perform an action; return its response."""
        path = f"/api/services/{action.replace('.', '/')}?return_response"
        answer = await self.call("POST", path, json=fields)
        return answer["service_response"]

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
            path = f"{flows}/{step['flow_id']}"
            step = await self.call("POST", path, json=answer)
            while step["type"] == "progress":
                await asyncio.sleep(0.1)
                step = await self.call("GET", path)
        if step["type"] != "create_entry":
            reason = step.get("errors") or step.get("reason") or step["type"]
            raise DemoError(f"the integration was not added: {reason}")
