"""What a caller may read or control."""

from collections.abc import Callable

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import UnknownUser


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
