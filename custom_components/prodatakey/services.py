"""Actions of the ProdataKey integration."""

from functools import partial
from typing import Any

import voluptuous as vol

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.const import (
    ATTR_CODE,
    ATTR_CONFIG_ENTRY_ID,
    ATTR_ENTITY_ID,
    ENTITY_MATCH_ALL,
)
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_platform,
    entity_registry as er,
    service,
    target,
)

from .const import DOMAIN, MAX_UNLOCK_DURATION, MIN_UNLOCK_DURATION
from .coordinator import ProdatakeyConfigEntry
from .dashboard import async_get_view
from .devices import device_name, endpoint_identifier
from .exceptions import translated_errors
from .exposed import async_get_exposed
from .lock import DoorLock
from .pdk import (
    CommandRejectedError,
    Endpoint,
    EndpointKey,
    Feature,
    Panel,
    QuerySignal,
    Signal,
)
from .permissions import async_get_permissions
from .store import endpoint_as_dict

ACTION_DASHBOARD = "dashboard"
ACTION_EXPOSED_ENTITIES = "exposed_entities"
ACTION_DISCOVER_ENDPOINTS = "discover_endpoints"
ACTION_QUERY_SIGNAL = "query_signal"
ACTION_OPEN_DOOR = "open_door"

ATTR_ACTUATE_RELAY = "actuate_relay"
ATTR_ADDRESS = "address"
ATTR_DURATION = "duration"
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


DASHBOARD_SCHEMA = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})
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
OPEN_DOOR_SCHEMA = cv.make_entity_service_schema(
    {
        vol.Required(ATTR_DURATION): vol.All(
            vol.Coerce(float),
            vol.Range(min=MIN_UNLOCK_DURATION, max=MAX_UNLOCK_DURATION),
        ),
        vol.Optional(ATTR_CODE): cv.string,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions.

    Admin only: discovery and query use the radio and may pulse a relay.
    """
    for action, handler, schema in (
        (ACTION_DISCOVER_ENDPOINTS, _async_discover_endpoints, DISCOVER_SCHEMA),
        (ACTION_QUERY_SIGNAL, _async_query_signal, QUERY_SCHEMA),
    ):
        service.async_register_admin_service(
            hass, DOMAIN, action, handler, schema, SupportsResponse.ONLY
        )
    hass.services.async_register(
        DOMAIN,
        ACTION_DASHBOARD,
        _async_get_dashboard,
        DASHBOARD_SCHEMA,
        SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN,
        ACTION_EXPOSED_ENTITIES,
        _async_get_exposed_entities,
        supports_response=SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN, ACTION_OPEN_DOOR, _async_open_door, OPEN_DOOR_SCHEMA
    )


async def _async_open_door(call: ServiceCall) -> None:
    """Open doors, or none if one of them cannot be opened.

    Home Assistant would leave entities that it cannot find out of a call without an
    error.
    """
    entity_ids = await _async_get_targeted_locks(call)
    locks = _get_available_locks(call.hass, entity_ids)
    await _async_check_codes(call, locks)
    data = {ATTR_ENTITY_ID: list(locks), ATTR_DURATION: call.data[ATTR_DURATION]}
    opening = ServiceCall(call.hass, call.domain, call.service, data, call.context)
    await service.entity_service_call(call.hass, locks, "async_open_door", opening)


async def _async_get_targeted_locks(call: ServiceCall) -> set[str]:
    """Return the locks that a call is for.

    Of an area, a device, a floor or a label these are our enabled locks, of *all* those
    that the caller may control. Raises Unauthorized if the caller may not control what
    was named, before it is looked at, and ServiceValidationError for what cannot be ours.
    """
    hass = call.hass
    may_control = await async_get_permissions(hass, call.context, POLICY_CONTROL)
    ours = {
        entity.entity_id
        for entity in er.async_get(hass).entities.values()
        if (entity.platform, entity.domain) == (DOMAIN, LOCK_DOMAIN)
        and not entity.disabled
    }
    targeted = dict(call.data)
    if everything := targeted.get(ATTR_ENTITY_ID) == ENTITY_MATCH_ALL:
        targeted[ATTR_ENTITY_ID] = [*filter(may_control, ours)]
    selected = target.async_extract_referenced_entity_ids(
        hass, target.TargetSelection(targeted), expand_group=not everything
    )
    entity_ids = selected.referenced | (selected.indirectly_referenced & ours)
    for entity_id in sorted(entity_ids):
        if not may_control(entity_id):
            raise Unauthorized(
                context=call.context, entity_id=entity_id, permission=POLICY_CONTROL
            )
    _raise_for_missing(selected, selected.referenced - ours)
    return entity_ids


def _raise_for_missing(selected: target.SelectedEntities, entity_ids: set[str]) -> None:
    """Raise ServiceValidationError if a target names what is no door, or does not exist."""
    missing = (
        entity_ids
        | selected.missing_devices
        | selected.missing_areas
        | selected.missing_floors
        | selected.missing_labels
    )
    if missing:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_a_door",
            translation_placeholders={"names": ", ".join(sorted(missing))},
        )


def _get_available_locks(
    hass: HomeAssistant, entity_ids: set[str]
) -> dict[str, DoorLock]:
    """Return the locks. Raises HomeAssistantError with those that are unavailable."""
    loaded = {
        entity_id: entity
        for platform in entity_platform.async_get_platforms(hass, DOMAIN)
        for entity_id, entity in platform.entities.items()
        if isinstance(entity, DoorLock) and entity.available
    }
    if missing := entity_ids - loaded.keys():
        names = sorted(_get_door_name(hass, entity_id) for entity_id in missing)
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_connected",
            translation_placeholders={"name": ", ".join(names)},
        )
    return {entity_id: loaded[entity_id] for entity_id in sorted(entity_ids)}


def _get_door_name(hass: HomeAssistant, entity_id: str) -> str:
    """Return the name of the door that a lock belongs to."""
    entity = er.async_get(hass).async_get(entity_id)
    device_id = (entity and entity.device_id) or ""
    return device_name(dr.async_get(hass).async_get(device_id)) or entity_id


async def _async_check_codes(call: ServiceCall, locks: dict[str, DoorLock]) -> None:
    """Check the code of every door before one is opened; raise the first error."""
    errors: list[ServiceValidationError] = []
    for lock in locks.values():
        code = call.data.get(ATTR_CODE) or lock.add_default_code({}).get(ATTR_CODE)
        command = lock.open_command(call.data[ATTR_DURATION])
        try:
            await lock.async_check_code(code, command, call.context)
        except ServiceValidationError as err:
            errors.append(err)
    if errors:
        raise errors[0]


async def _async_get_dashboard(call: ServiceCall) -> ServiceResponse:
    """Return a dashboard view for the doors of a panel."""
    return await async_get_view(call.hass, _get_entry(call), call.context)


async def _async_get_exposed_entities(call: ServiceCall) -> ServiceResponse:
    """Return the entities that are exposed to Assist."""
    exposed = await async_get_exposed(call.hass, call.context)
    return {key: [*entity_ids] for key, entity_ids in exposed.items()}


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


def _get_entry(call: ServiceCall) -> ProdatakeyConfigEntry:
    """Return the config entry of a call."""
    entry: ProdatakeyConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    return entry


def _get_panel_with_endpoints(call: ServiceCall) -> Panel:
    """Return the panel of a call, if it can be asked for its endpoints."""
    coordinator = _get_entry(call).runtime_data
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
    entry = _get_entry(call)
    return dr.async_get(call.hass).async_get_device_by_identifier(
        endpoint_identifier(entry.runtime_data.panel.info.id, endpoint), entry.entry_id
    )


def _get_name(call: ServiceCall, panel: Panel, key: EndpointKey | None) -> str:
    """Return the name for errors: that of an endpoint, or of the panel for all."""
    if key is None:
        return _get_entry(call).runtime_data.name
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
