"""The actions that ask the wireless endpoints of a panel."""

from functools import partial
from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    service,
)

from .const import DOMAIN
from .coordinator import ProdatakeyConfigEntry
from .devices import device_name, endpoint_identifier
from .exceptions import translated_errors
from .pdk import (
    CommandRejectedError,
    Endpoint,
    EndpointKey,
    Feature,
    Panel,
    QuerySignal,
    Signal,
)
from .store import endpoint_as_dict

ACTION_DISCOVER_ENDPOINTS = "discover_endpoints"
ACTION_QUERY_SIGNAL = "query_signal"

ATTR_ACTUATE_RELAY = "actuate_relay"
ATTR_ADDRESS = "address"
ATTR_ENDPOINT = "endpoint"
ATTR_IO_LINK_ID = "io_link_id"
ATTR_RELAY_DWELL = "relay_dwell"
ATTR_WAIT = "wait"

# JSON has no larger whole numbers without loss; PDK documents no range.
MAX_NUMBER = 2**53 - 1


def _whole_number(value: object) -> int:
    """Validate a whole number that is not negative; none is rounded. Raises vol.Invalid."""
    number: float = vol.Coerce(float)(value)
    if isinstance(value, bool) or number % 1 != 0 or not 0 <= number <= MAX_NUMBER:
        raise vol.Invalid("expected a whole number, 0 or more")
    return int(number)


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
        vol.Optional(ATTR_ENDPOINT): cv.string,
        vol.Optional(ATTR_IO_LINK_ID): _whole_number,
        vol.Optional(ATTR_ADDRESS): cv.string,
        vol.Optional(ATTR_ACTUATE_RELAY, default=False): cv.boolean,
        vol.Optional(ATTR_RELAY_DWELL, default=5): _whole_number,
    }
)


@callback
def async_setup_endpoint_services(hass: HomeAssistant) -> None:
    """Register the actions.

    Admin only: they use the radio and may pulse a relay.
    """
    for action, handler, schema in (
        (ACTION_DISCOVER_ENDPOINTS, _async_discover_endpoints, DISCOVER_SCHEMA),
        (ACTION_QUERY_SIGNAL, _async_query_signal, QUERY_SCHEMA),
    ):
        service.async_register_admin_service(
            hass, DOMAIN, action, handler, schema, SupportsResponse.ONLY
        )


async def _async_discover_endpoints(call: ServiceCall) -> ServiceResponse:
    """Discover the wireless endpoints of a panel."""
    panel = _get_panel_with_endpoints(call)
    with translated_errors(partial(_get_name, call, panel, None)):
        endpoints = await panel.endpoints.discover(call.data[ATTR_WAIT])
    return {"endpoints": [_discovered(endpoint) for endpoint in endpoints]}


async def _async_query_signal(call: ServiceCall) -> ServiceResponse:
    """Query the signal of one endpoint, or of all that were discovered."""
    panel = _get_panel_with_endpoints(call)
    key = _get_key(call, panel)
    with translated_errors(partial(_get_name, call, panel, key)):
        if key is not None:
            signals = [await panel.endpoints.query_signal(_query(call, key))]
        else:
            signals = [
                await _async_query_discovered(panel, _query(call, each))
                for each in list(panel.endpoints)
            ]
    return {"endpoints": [_signal(signal) for signal in signals]}


async def _async_query_discovered(panel: Panel, query: QuerySignal) -> Signal:
    """Query one of several endpoints; one that the panel rejects has no answer."""
    try:
        return await panel.endpoints.query_signal(query)
    except CommandRejectedError:
        return Signal(io_link_id=query.io_link_id, address=query.address)


def get_entry(call: ServiceCall) -> ProdatakeyConfigEntry:
    """Return the config entry of a call."""
    entry: ProdatakeyConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    return entry


def _get_panel_with_endpoints(call: ServiceCall) -> Panel:
    """Return the panel of a call, if it can be asked for its endpoints."""
    coordinator = get_entry(call).runtime_data
    if Feature.ENDPOINTS not in coordinator.site.client.features:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_endpoints",
            translation_placeholders={"panel": coordinator.name},
        )
    return coordinator.panel


def _get_key(call: ServiceCall, panel: Panel) -> EndpointKey | None:
    """Return the endpoint of a call, None for all that were discovered."""
    given = call.data.keys() & {ATTR_ENDPOINT, ATTR_IO_LINK_ID, ATTR_ADDRESS}
    if not given:
        return None
    if given == {ATTR_ENDPOINT}:
        return _get_key_of_device(call, panel)
    if given != {ATTR_IO_LINK_ID, ATTR_ADDRESS}:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="endpoint_incomplete"
        )
    return (call.data[ATTR_IO_LINK_ID], call.data[ATTR_ADDRESS])


def _get_key_of_device(call: ServiceCall, panel: Panel) -> EndpointKey:
    """Return the endpoint of a call's device."""
    for endpoint in panel.endpoints.values():
        device = _get_device(call, endpoint)
        if device and device.id == call.data[ATTR_ENDPOINT]:
            return endpoint.key
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="unknown_endpoint",
        translation_placeholders={"panel": _get_name(call, panel, None)},
    )


def _get_device(call: ServiceCall, endpoint: Endpoint) -> dr.DeviceEntry | None:
    """Return the device of an endpoint."""
    entry = get_entry(call)
    return dr.async_get(call.hass).async_get_device_by_identifier(
        endpoint_identifier(entry.runtime_data.panel.info.id, endpoint), entry.entry_id
    )


def _get_name(call: ServiceCall, panel: Panel, key: EndpointKey | None) -> str:
    """Return the name for errors: that of an endpoint, or of the panel for all."""
    if key is None:
        return get_entry(call).runtime_data.name
    endpoint = panel.endpoints.get(key)
    device = _get_device(call, endpoint) if endpoint else None
    return device_name(device) or key[1]


def _query(call: ServiceCall, key: EndpointKey) -> QuerySignal:
    """Return the query for an endpoint."""
    io_link_id, address = key
    return QuerySignal(
        io_link_id=io_link_id,
        address=address,
        actuate_relay=call.data[ATTR_ACTUATE_RELAY],
        relay_dwell=call.data[ATTR_RELAY_DWELL],
    )


def _discovered(endpoint: Endpoint) -> dict[str, Any]:
    """Return an endpoint as in the response."""
    description = endpoint_as_dict(endpoint)
    del description["db_gain"], description["occurred"]
    return description


def _signal(signal: Signal) -> dict[str, Any]:
    """Return a signal as in the response."""
    return {
        "io_link_id": signal.io_link_id,
        "address": signal.address,
        "db_gain": signal.db_gain,
        "occurred": signal.occurred and signal.occurred.isoformat(),
    }
