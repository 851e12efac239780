"""Accounts of pdk.io: clients that entries share, and reauthentication."""

from collections.abc import Mapping
import os
from typing import Any
from urllib.parse import urlsplit

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    SOURCE_REAUTH,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from .const import CONF_SYSTEM_ID, DOMAIN
from .pdk import (
    PDK_IO,
    AccountClient,
    PanelInfo,
    PermissionMissingError,
    Service,
    check_permission,
    create_client,
    get_site,
    read_each,
    validate_connection,
)

type Credentials = tuple[str, str]

_ACCOUNTS: HassKey[dict[Credentials, AccountClient]] = HassKey(DOMAIN)
# The flows whose new credentials are being validated.
_VALIDATING: HassKey[set[str]] = HassKey(f"{DOMAIN}_validating")


@callback
def async_setup_accounts(hass: HomeAssistant) -> None:
    """Share accounts among the entries, each as long as an entry uses it."""
    accounts = hass.data.setdefault(_ACCOUNTS, {})

    @callback
    def handle_change(_: ConfigEntryChange, changed: ConfigEntry) -> None:
        """Forget the accounts that no entry uses any more."""
        if changed.domain == DOMAIN:
            used = {
                get_credentials(entry.data)
                for entry in hass.config_entries.async_entries(DOMAIN)
                if entry.state is not ConfigEntryState.NOT_LOADED
            }
            for credentials in accounts.keys() - used:
                del accounts[credentials]

    # for as long as Home Assistant runs, as the actions
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, handle_change)


@callback
def async_get_account(hass: HomeAssistant, data: Mapping[str, Any]) -> AccountClient:
    """Return the account of these credentials: that of the entries, or a new one."""
    credentials = get_credentials(data)
    if (account := hass.data.get(_ACCOUNTS, {}).get(credentials)) is not None:
        return account
    return AccountClient(async_get_clientsession(hass), *credentials, get_service())


def get_service() -> Service:
    """Return pdk.io, or what the environment names in its place.

    Nothing else reads the environment. Tokens are then sent to that host alone, also
    without encryption.
    """
    url = os.environ.get("PDK_ACCOUNTS_URL", "").rstrip("/")
    if not url:
        return PDK_IO
    return Service(
        accounts_url=url,
        systems_url=url,
        hosts=(urlsplit(url).hostname or "",),
        schemes=("http", "https"),
    )


@callback
def async_share_account(hass: HomeAssistant, entry: ConfigEntry) -> AccountClient:
    """Return the account of an entry, shared by all entries with its credentials."""
    account = async_get_account(hass, entry.data)
    return hass.data[_ACCOUNTS].setdefault(get_credentials(entry.data), account)


def get_credentials(data: Mapping[str, Any]) -> Credentials:
    """Return the credentials of an entry or a form, empty where they are missing."""
    return data.get(CONF_CLIENT_ID) or "", data.get(CONF_CLIENT_SECRET) or ""


@callback
def async_get_known_accounts(hass: HomeAssistant) -> dict[str, list[ConfigEntry]]:
    """Return the entries of each account, by the id of the first."""
    accounts: dict[Credentials, list[ConfigEntry]] = {}
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        if all(credentials := get_credentials(entry.data)):
            accounts.setdefault(credentials, []).append(entry)
    return {entries[0].entry_id: entries for entries in accounts.values()}


@callback
def async_entries_sharing_credentials(
    hass: HomeAssistant, entry: ConfigEntry
) -> list[ConfigEntry]:
    """Return the entries with the same credentials, this one included."""
    credentials = get_credentials(entry.data)
    if not all(credentials):
        return [entry]
    return [
        other
        for other in hass.config_entries.async_entries(DOMAIN)
        if get_credentials(other.data) == credentials
    ]


async def async_validate_panel(
    hass: HomeAssistant, account: AccountClient, panel: PanelInfo
) -> bool:
    """Validate token, list of doors and live connection of a panel; return True.

    Raises PdkError.
    """
    client = create_client(async_get_clientsession(hass), account, panel)
    await client.get_doors()
    await validate_connection(client)
    return True


async def async_find_reached_entries(
    hass: HomeAssistant, account: AccountClient, entry: ConfigEntry
) -> list[ConfigEntry]:
    """Return which of the entries with an entry's credentials an account reaches.

    Of this entry the whole way is validated, of the others the permission. Raises
    PdkError.
    """

    async def check(other: ConfigEntry) -> ConfigEntry:
        system_id = other.data.get(CONF_SYSTEM_ID)
        await check_permission(account, str(other.unique_id), system_id)
        return other

    system_id = entry.data.get(CONF_SYSTEM_ID)
    try:
        panel = await get_site(account, str(entry.unique_id), system_id)
    except PermissionMissingError:
        return []
    await async_validate_panel(hass, account, panel)
    others = {
        other: other.title
        for other in async_entries_sharing_credentials(hass, entry)
        if other is not entry
    }
    return [entry, *(await read_each(others, check)).found]


@callback
def async_start_reauth(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Start reauthentication, once for all entries that share the credentials."""
    if not _reauth_flow_ids(hass, entry):
        entry.async_start_reauth(hass)


@callback
def async_withdraw_reauth(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Stop asking for credentials: they were accepted after all.

    A user who has just given new ones is told what becomes of them.
    """
    for flow_id in _reauth_flow_ids(hass, entry):
        if flow_id not in hass.data.get(_VALIDATING, ()):
            hass.config_entries.flow.async_abort(flow_id)


@callback
def async_keep_flow(hass: HomeAssistant, flow_id: str) -> None:
    """Do not withdraw a flow from now: its new credentials are validated."""
    hass.data.setdefault(_VALIDATING, set()).add(flow_id)


@callback
def async_release_flow(hass: HomeAssistant, flow_id: str) -> None:
    """Let a flow be withdrawn again: it shows what became of its credentials."""
    hass.data.get(_VALIDATING, set()).discard(flow_id)


def _reauth_flow_ids(hass: HomeAssistant, entry: ConfigEntry) -> list[str]:
    """Return the flows that ask for the credentials of an entry."""
    entries = async_entries_sharing_credentials(hass, entry)
    sharing = {other.entry_id for other in entries}
    return [
        flow["flow_id"]
        for flow in hass.config_entries.flow.async_progress_by_handler(
            DOMAIN, match_context={"source": SOURCE_REAUTH}
        )
        if flow["context"].get("entry_id") in sharing
    ]
