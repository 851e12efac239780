"""The one module of the benchmarks that imports the integration."""

import asyncio
from collections.abc import Callable
import os

import aiohttp

from custom_components.prodatakey import entries
from custom_components.prodatakey.const import DOMAIN
from custom_components.prodatakey.pdk.connection import BaseSocket
from custom_components.prodatakey.pdk.v1 import socketio2
from custom_components.prodatakey.pdk.v2 import socketio4
from homeassistant.core import HomeAssistant

from .home import async_add_entry

CONNECT_TIMEOUT = 300
# After connecting, the list of doors is read once more.
SETTLE_TIME = 0.5


async def open_socket(
    session: aiohttp.ClientSession,
    protocol: str,
    url: str,
    on_event: Callable[[str, object], None],
) -> BaseSocket:
    """Connect the socket of a stream."""
    socket: BaseSocket = (
        socketio4.Socket(session, on_event)
        if protocol == "4"
        else socketio2.Socket(session, lambda _: None, on_event)
    )
    await socket.open(url)
    return socket


def show_every_entry() -> None:
    """Let no entry wait for others."""
    entries.SAVE_INTERVAL = 0


async def async_add_panel(hass: HomeAssistant, url: str, panel: str) -> None:
    """Set up a panel, and return once its stream is connected and has settled."""
    os.environ["PDK_ACCOUNTS_URL"] = url
    credentials = {"client_id": "demo", "client_secret": "demo-secret"}
    entry = await async_add_entry(hass, DOMAIN, {**credentials, "panel_id": panel})
    async with asyncio.timeout(CONNECT_TIMEOUT):
        while not entry.runtime_data.site.connected:
            await asyncio.sleep(0.01)
    await asyncio.sleep(SETTLE_TIME)
