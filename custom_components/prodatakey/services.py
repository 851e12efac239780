"""Actions of the ProdataKey integration."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
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
from homeassistant.util import dt as dt_util

from .const import DOMAIN, MAX_UNLOCK_DURATION, MIN_UNLOCK_DURATION
from .dashboard import async_get_dashboard
from .devices import device_name
from .endpoint_services import async_setup_endpoint_services, get_entry
from .exposed import async_get_exposed
from .lock import DoorLock
from .pdk import ActuateOpen, DoorCommand
from .permissions import async_get_permissions

ACTION_DASHBOARD = "dashboard"
ACTION_EXPOSED_ENTITIES = "exposed_entities"
ACTION_HOLD_OPEN = "hold_open"
ACTION_OPEN_DOOR = "open_door"

ATTR_DURATION = "duration"
ATTR_UNTIL = "until"

DASHBOARD_SCHEMA = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})
OPEN_DOOR_SCHEMA = cv.make_entity_service_schema(
    {
        vol.Required(ATTR_DURATION): vol.All(
            vol.Coerce(float),
            vol.Range(min=MIN_UNLOCK_DURATION, max=MAX_UNLOCK_DURATION),
        ),
        vol.Optional(ATTR_CODE): cv.string,
    }
)

MIN_HOLD = timedelta(seconds=1)
MAX_HOLD = timedelta(hours=24)
HOLD_OPEN_SCHEMA = cv.make_entity_service_schema(
    {
        vol.Exclusive(ATTR_UNTIL, "end"): vol.Any(cv.datetime, cv.time),
        vol.Exclusive(ATTR_DURATION, "end"): vol.All(
            cv.positive_time_period, vol.Range(min=MIN_HOLD, max=MAX_HOLD)
        ),
        vol.Optional(ATTR_CODE): cv.string,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    async_setup_endpoint_services(hass)
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
    hass.services.async_register(
        DOMAIN, ACTION_HOLD_OPEN, _async_hold_open, HOLD_OPEN_SCHEMA
    )


async def _async_open_door(call: ServiceCall) -> None:
    """Open doors, or none if one of them cannot be opened.

    Home Assistant would leave entities that it cannot find out of a call without an
    error.
    """
    entity_ids = await _async_get_targeted_locks(call)
    locks = _get_available_locks(call.hass, entity_ids)
    duration = call.data[ATTR_DURATION]
    await _async_check_codes(call, locks, lambda lock: lock.open_command(duration))
    await _async_call(call, locks, "async_open_door", {ATTR_DURATION: duration})


async def _async_hold_open(call: ServiceCall) -> None:
    """Hold doors open until a time, or none if one of them cannot be opened."""
    until = _get_end(call)
    entity_ids = await _async_get_targeted_locks(call)
    locks = _get_available_locks(call.hass, entity_ids)
    await _async_check_codes(call, locks, lambda lock: ActuateOpen(lock.door.id))
    await _async_call(call, locks, "async_hold_open", {ATTR_UNTIL: until})


def _get_end(call: ServiceCall) -> datetime | None:
    """Return the end of a hold in UTC, None without one.

    A time of day is the next such time here. Raises ServiceValidationError for a time that
    has passed.
    """
    present = dt_util.utcnow()
    duration: timedelta | None = call.data.get(ATTR_DURATION)
    until: datetime | time | None = call.data.get(ATTR_UNTIL)
    if duration is not None:
        return present + duration
    if until is None:
        return None
    if isinstance(until, time):
        today = dt_util.as_local(present).date()
        ends = (
            dt_util.as_utc(
                datetime.combine(day, until, dt_util.get_default_time_zone()).replace(
                    fold=fold
                )
            )
            for day in (today, today + timedelta(days=1))
            # where clocks are set back, a time of day comes twice
            for fold in (0, 1)
        )
        return next(end for end in ends if end > present)
    if (end := dt_util.as_utc(until)) <= present:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="until_has_passed"
        )
    return end


async def _async_call(
    call: ServiceCall, locks: dict[str, DoorLock], method: str, data: dict[str, Any]
) -> None:
    """Call a method of locks with data, as the caller."""
    data = {ATTR_ENTITY_ID: list(locks), **data}
    opening = ServiceCall(call.hass, call.domain, call.service, data, call.context)
    await service.entity_service_call(call.hass, locks, method, opening)


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


async def _async_check_codes(
    call: ServiceCall,
    locks: dict[str, DoorLock],
    get_command: Callable[[DoorLock], DoorCommand],
) -> None:
    """Check the code of every door before one is opened; raise the first error."""
    errors: list[ServiceValidationError] = []
    for lock in locks.values():
        code = call.data.get(ATTR_CODE) or lock.add_default_code({}).get(ATTR_CODE)
        try:
            await lock.async_check_code(code, get_command(lock), call.context)
        except ServiceValidationError as err:
            errors.append(err)
    if errors:
        raise errors[0]


async def _async_get_dashboard(call: ServiceCall) -> ServiceResponse:
    """Return a dashboard for the doors of a panel."""
    return await async_get_dashboard(call.hass, get_entry(call), call.context)


async def _async_get_exposed_entities(call: ServiceCall) -> ServiceResponse:
    """Return the entities that are exposed to Assist."""
    exposed = await async_get_exposed(call.hass, call.context)
    return {key: [*entity_ids] for key, entity_ids in exposed.items()}
