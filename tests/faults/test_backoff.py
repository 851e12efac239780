"""A connection that is lost again and again."""

import asyncio

import pytest

from .virtual_time import Outage, in_virtual_time


def test_site_that_drops_every_50_seconds(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that it is connected again within seconds each time."""

    async def test(outage: Outage) -> None:
        waits = []
        for _ in range(8):
            await asyncio.sleep(50)
            outage.restart()
            await outage.kick()
            await outage.wait_connected()
            waits.append(outage.seconds)
        # in virtual time: the second attempt of an outage comes after 4 to 5 s
        assert max(waits) < 6, waits

    in_virtual_time(monkeypatch, test)
