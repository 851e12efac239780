"""Panels of an account, and the REST client for one of them."""

from collections.abc import Iterable
from typing import override

import aiohttp

from ..client import AccountClient, SiteClient, quoted
from ..errors import CannotConnectError
from ..models import DoorInfo, Feature, PanelInfo
from ..parser import DEVICE_KEYS, as_list, as_name, parse_door


async def get_panels(account: AccountClient) -> list[PanelInfo]:
    """Return all panels of the account and of the organizations below it.

    Raises what AccountClient.request raises.
    """
    panels = [
        _parse_panel(account, raw)
        for organization in await account.get_organizations("/api/ous")
        for raw in as_list(organization.get("panels"))
    ]
    return list({panel.id: panel for panel in panels if panel}.values())


async def get_panel(account: AccountClient, panel_id: str) -> PanelInfo:
    """Return one panel. Raises what AccountClient.request raises."""
    response = await account.request("GET", f"/api/panels/{quoted(panel_id)}")
    if (panel := _parse_panel(account, response.body)) is None:
        raise CannotConnectError("the panel's description is incomplete")
    return panel


def _parse_panel(account: AccountClient, raw: object) -> PanelInfo | None:
    """Return a panel, or None without an id and a trusted address."""
    match raw:
        case {"id": str(panel_id), "uri": str(uri), **rest} if account.trusts(uri):
            return PanelInfo(
                id=panel_id,
                name=as_name(rest.get("name")) or panel_id,
                uri=uri.rstrip("/") + "/",
            )
    return None


class PanelClient(SiteClient):
    """REST client for one panel."""

    features = frozenset(Feature) - {Feature.DURESS}

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: AccountClient,
        info: PanelInfo,
        secrets: Iterable[str] = (),
    ) -> None:
        """Initialize the client; `secrets` are removed from texts of the network too."""
        token_path = f"/api/panels/{quoted(info.id)}/token"
        super().__init__(session, account, info, token_path, secrets)

    async def update_info(self) -> None:
        """Update the panel's name and address. Raises what `get_panel` raises."""
        self.info = await get_panel(self.account, self.info.id)

    @override
    async def get_doors(self) -> list[DoorInfo]:
        """Return all doors of the panel. Raises what `get_list` raises."""
        devices = await self.get_list(f"{self.info.uri}api/devices")
        for device in devices:
            self.add_unknown_keys(device.keys() - DEVICE_KEYS)
        return [door for device in devices if (door := parse_door(device))]
