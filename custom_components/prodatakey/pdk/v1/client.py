"""Panels of an account, and the REST client for one of them."""

from collections.abc import Iterable
from typing import override

import aiohttp

from ..account import AccountClient, quoted
from ..client import SiteClient
from ..errors import CannotConnectError
from ..models import DoorId, DoorInfo, Feature, PanelInfo
from ..parser import DEVICE_KEYS, Json, as_list, as_name, parse_door, parse_serial

# More than any organization has.
MAX_PANELS = 1000
MAX_URI_LENGTH = 255


def find_panels(
    account: AccountClient, organizations: Iterable[Json]
) -> list[PanelInfo]:
    """Return all panels of the account's organizations."""
    panels = {
        panel.id: panel
        for organization in organizations
        for raw in as_list(organization.get("panels"))[:MAX_PANELS]
        if (panel := parse_panel(account, raw, as_name(organization.get("name"))))
    }
    return list(panels.values())


async def get_panel(account: AccountClient, panel_id: str) -> PanelInfo:
    """Return one panel. Raises PdkError."""
    response = await account.request("GET", f"/api/panels/{quoted(panel_id)}")
    if (panel := parse_panel(account, response.body)) is None:
        raise CannotConnectError("the panel's description is incomplete")
    return panel


def token_path(panel_id: str) -> str:
    """Return the path of the accounts service for the tokens of a panel."""
    return f"/api/panels/{quoted(panel_id)}/token"


def parse_panel(
    account: AccountClient, raw: object, organization: str | None = None
) -> PanelInfo | None:
    """Return a panel, or None without an id and a trusted address."""
    match raw:
        case {"uri": str(uri), **rest} if len(uri) <= MAX_URI_LENGTH:
            panel_id = parse_serial(rest.get("id"))
            if panel_id is not None and account.service.trusts(uri):
                return PanelInfo(
                    id=panel_id,
                    name=as_name(rest.get("name")) or panel_id,
                    uri=uri.rstrip("/") + "/",
                    organization=organization,
                )
    return None


class PanelClient(SiteClient):
    """REST client for one panel."""

    features = frozenset(Feature) - {Feature.DURESS, Feature.SITE_PROBLEMS}

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: AccountClient,
        info: PanelInfo,
        secrets: Iterable[str] = (),
    ) -> None:
        """Initialize the client; `secrets` are removed from texts of the network too."""
        super().__init__(session, account, info, token_path(info.id), secrets)
        self.info_is_stored = False
        """Whether the panel may have another address by now."""

    async def update_info(self) -> None:
        """Update the panel's name and address. Raises PdkError."""
        self.info = await get_panel(self.account, self.info.id)
        self.info_is_stored = False

    @override
    async def get_doors(self) -> list[DoorInfo]:
        """Return all doors of the panel. Raises PdkError."""
        devices = await self.get_list(f"{self.info.uri}api/devices")
        for device in devices:
            self.add_unknown_keys(device.keys() - DEVICE_KEYS)
        return [door for device in devices if (door := parse_door(device))]

    @override
    def use_stored(self, door_ids: Iterable[DoorId]) -> None:
        """Read the panel's address before the next connection: it may have moved."""
        self.info_is_stored = True
