"""The accounts that the entries use: one for each pair of credentials."""

from collections.abc import Mapping
import os
from weakref import WeakValueDictionary

from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .pdk.accounts import ACCOUNTS_URL, Accounts

ACCOUNTS_KEY: HassKey[WeakValueDictionary[tuple[str, str], Accounts]] = HassKey(DOMAIN)


@callback
def async_get_accounts(hass: HomeAssistant, data: Mapping[str, str]) -> Accounts:
    """Return the account of these credentials, shared by all who hold it."""
    shared = hass.data.setdefault(ACCOUNTS_KEY, WeakValueDictionary())
    credentials = (data[CONF_CLIENT_ID], data[CONF_CLIENT_SECRET])
    if (accounts := shared.get(credentials)) is None:
        accounts = shared[credentials] = Accounts(
            async_get_clientsession(hass),
            *credentials,
            url=os.environ.get("PDK_ACCOUNTS_URL", ACCOUNTS_URL),
        )
    return accounts
