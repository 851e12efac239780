"""The panel's address changes at the accounts service."""

from urllib.parse import urlsplit

from tests.common import PANEL
from tests.network import Proxy

from .site import Site


async def test_panel_moves(direct: Site) -> None:
    """Test that the new address is used without a reload."""
    port = urlsplit(direct.pdk.panel_url(PANEL)).port or 0
    async with Proxy(port) as old, Proxy(port) as new:
        await direct.pdk.faults(PANEL, uri=old.uri)
        await direct.set_up()
        await direct.pdk.faults(PANEL, uri=new.uri)
        old.refuse()
        old.cut()
        await direct.wait_unavailable()
        await direct.wait_connected()
        await direct.check_works(0)
        await direct.unload()
