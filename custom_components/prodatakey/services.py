"""The integration's own actions."""

from typing import Any

import voluptuous as vol

from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.const import ATTR_CODE
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, service

from .const import DOMAIN, LONGEST_OPENING, SHORTEST_OPENING
from .coordinator import PanelCoordinator
from .endpoints import Endpoint, Signal
from .errors import translated_errors
from .pdk.commands import QuerySignal

ACTION_DISCOVER = "discover_endpoints"
ACTION_QUERY = "query_signal"
ACTION_OPEN_DOOR = "open_door"

ATTR_ACTUATE_RELAY = "actuate_relay"
ATTR_ADDRESS = "address"
ATTR_CONFIG_ENTRY_ID = "config_entry_id"
ATTR_DURATION = "duration"
ATTR_IO_LINK_ID = "io_link_id"
ATTR_RELAY_DWELL = "relay_dwell"
ATTR_WAIT = "wait"

DISCOVER_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_WAIT, default=5): vol.All(
            vol.Coerce(float), vol.Range(min=1, max=60)
        ),
    }
)
QUERY_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_IO_LINK_ID): vol.Coerce(int),
        vol.Optional(ATTR_ADDRESS): cv.string,
        vol.Optional(ATTR_ACTUATE_RELAY, default=False): cv.boolean,
        vol.Optional(ATTR_RELAY_DWELL, default=5): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=100)
        ),
    }
)
OPEN_DOOR_SCHEMA = {
    vol.Required(ATTR_DURATION): vol.All(
        vol.Coerce(float), vol.Range(min=SHORTEST_OPENING, max=LONGEST_OPENING)
    ),
    vol.Optional(ATTR_CODE): cv.string,
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions. The questions stir radios and a relay: they need an admin."""
    for action, handler, schema in (
        (ACTION_DISCOVER, _discover_endpoints, DISCOVER_SCHEMA),
        (ACTION_QUERY, _query_signal, QUERY_SCHEMA),
    ):
        service.async_register_admin_service(
            hass, DOMAIN, action, handler, schema, SupportsResponse.ONLY
        )
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        ACTION_OPEN_DOOR,
        entity_domain=LOCK_DOMAIN,
        schema=OPEN_DOOR_SCHEMA,
        func="async_open_door",
    )


async def _discover_endpoints(call: ServiceCall) -> ServiceResponse:
    """Ask a panel's endpoints to report."""
    coordinator = _coordinator(call)
    with translated_errors(coordinator.panel.name):
        endpoints = await coordinator.endpoints.discover(call.data[ATTR_WAIT])
    return {"endpoints": [_discovered(endpoint) for endpoint in endpoints]}


async def _query_signal(call: ServiceCall) -> ServiceResponse:
    """Ask one endpoint, or all that were discovered, for their signal."""
    coordinator = _coordinator(call)
    with translated_errors(coordinator.panel.name):
        if ATTR_ADDRESS in call.data or ATTR_IO_LINK_ID in call.data:
            signals = [await coordinator.endpoints.query(_question(call))]
        else:
            signals = await coordinator.endpoints.query_all(
                _question(call, io_link_id=known.io_link_id, address=known.address)
                for known in list(coordinator.endpoints.known.values())
            )
    return {"endpoints": [_signal(signal) for signal in signals]}


def _coordinator(call: ServiceCall) -> PanelCoordinator:
    """Return the panel that an action is for."""
    entry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    coordinator: PanelCoordinator = entry.runtime_data
    return coordinator


def _question(call: ServiceCall, **endpoint: Any) -> QuerySignal:
    """Return the question to an endpoint, that of the call unless another is given."""
    named = endpoint or call.data
    if ATTR_ADDRESS not in named or ATTR_IO_LINK_ID not in named:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="endpoint_incomplete"
        )
    return QuerySignal(
        io_link_id=named[ATTR_IO_LINK_ID],
        address=named[ATTR_ADDRESS],
        actuate_relay=call.data[ATTR_ACTUATE_RELAY],
        relay_dwell=call.data[ATTR_RELAY_DWELL],
    )


def _discovered(endpoint: Endpoint) -> dict[str, Any]:
    """Return an endpoint as the response has it."""
    return {
        "io_link_id": endpoint.io_link_id,
        "address": endpoint.address,
        "io_link_type": endpoint.io_link_type,
        "io_link_name": endpoint.io_link_name,
        "doors": endpoint.doors,
    }


def _signal(signal: Signal) -> dict[str, Any]:
    """Return a signal as the response has it."""
    return {
        "io_link_id": signal.io_link_id,
        "address": signal.address,
        "db_gain": signal.db_gain,
        "occurred": signal.occurred and signal.occurred.isoformat(),
    }
