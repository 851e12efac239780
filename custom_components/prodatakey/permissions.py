"""What a caller may read or control."""

from collections.abc import Callable, Iterable

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser

from .devices import async_get_entity_id


async def async_get_permissions(
    hass: HomeAssistant, context: Context | None, policy: str
) -> Callable[[str], bool]:
    """Return whether a caller may read or control an entity, as a function.

    Calls without a user, for example of automations, may. Raises UnknownUser.
    """
    if context is None or context.user_id is None:
        return lambda _: True
    if (user := await hass.auth.async_get_user(context.user_id)) is None:
        raise UnknownUser(context=context)
    return lambda entity_id: user.permissions.check_entity(entity_id, policy)


async def async_require_lock_permission(
    hass: HomeAssistant, context: Context | None, doors: Iterable[tuple[str, str]]
) -> None:
    """Require permission to control the locks of doors, by their devices' identifiers.

    Raises Unauthorized and UnknownUser. Calls without a user, for example of
    automations, may.
    """
    may_control = await async_get_permissions(hass, context, POLICY_CONTROL)
    for door in doors:
        lock = async_get_entity_id(hass, LOCK_DOMAIN, door, "lock")
        if lock is not None and not may_control(lock):
            raise Unauthorized(
                context=context, entity_id=lock, permission=POLICY_CONTROL
            )
