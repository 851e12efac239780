"""The stream's token: stale, rejected and renewed."""

import pytest

from custom_components.prodatakey.pdk.errors import StreamRefusedError
from custom_components.prodatakey.pdk.http import jwt_lifetime
from custom_components.prodatakey.pdk.v1.client import PanelClient
from tests.common import PANEL, wait_until
from tests.simulator_process import SimulatedPdk

from .common import set_constants
from .running_stream import CONNECTED, DOWN, RunningStream

# So many tokens in a row may be rejected without any event in between.
MAX_REJECTIONS = 3


async def test_delayed_events_follow_the_renewal(
    client: PanelClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test a token that expired while nothing happened: no event is lost."""
    set_constants(monkeypatch, jwt_lifetime=lambda _: 300.0)
    await simulator.faults(panel_token_lifetime=0, stale_token="accept")
    async with RunningStream(client) as stream:
        await simulator.faults(panel_token_lifetime=300)
        await simulator.act(PANEL, 1, "relay", on=True)
        await simulator.act(PANEL, 1, "open")
        await simulator.act(PANEL, 1, "close")
        await wait_until(lambda: len(stream.topics) == 3)
        assert stream.topics == [
            "door.input.relay.on",
            "door.input.dps.opened",
            "door.input.dps.closed",
        ]
        assert stream.statuses == [CONNECTED]
    assert (await simulator.requests())["renewed"] == 1


@pytest.mark.parametrize("events", [False, True])
async def test_new_tokens_are_rejected(
    client: PanelClient,
    simulator: SimulatedPdk,
    short_backoff: None,
    monkeypatch: pytest.MonkeyPatch,
    events: bool,
) -> None:
    """Test that after three the stream is down, unless events arrive in between."""
    set_constants(monkeypatch, renewal_grace=0.05)
    async with RunningStream(client) as stream:
        for times in range(1, (2 if events else 1) * MAX_REJECTIONS + 1):
            await simulator.emit(PANEL, "invalidToken")
            await stream.wait_for_renewals(times)
            if events:
                await simulator.act(PANEL, 2, "relay", on=times % 2 == 1)
                await stream.wait_for_topics(times)
        assert stream.statuses == [CONNECTED]
        if not events:
            await simulator.emit(PANEL, "invalidToken")
            await stream.wait_for_status(DOWN)
            assert [type(error) for error in stream.errors] == [StreamRefusedError]
            await stream.wait_connected(2)


@pytest.mark.parametrize(
    ("token", "seconds"),
    [
        ("a.eyJpYXQiOjEwMCwiZXhwIjoxNjB9.c", 60),
        ("", 300),
        ("not a token", 300),
        ("a.b.c", 300),
        ("a.e30.c", 300),  # {}
        ("a.eyJpYXQiOjEsImV4cCI6MX0.c", 300),  # expires when it is issued
        ("a.eyJpYXQiOiIxIiwiZXhwIjoiMiJ9.c", 300),  # strings
        ("a.W10.c", 300),  # []
        ("a.ä.c", 300),
    ],
)
def test_lifetime(token: str, seconds: float) -> None:
    """Test that it is `exp` less `iat`, else the documented five minutes."""
    assert jwt_lifetime(token) == seconds
