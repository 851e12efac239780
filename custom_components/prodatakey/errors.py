"""Where the errors of pdk.io become words for the user. The only such place."""

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    HomeAssistantError,
)

from .const import DOMAIN
from .pdk.errors import (
    CannotConnectError,
    CommandRefusedError,
    CommandUnansweredError,
    InvalidAuthError,
    NotConnectedError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
    StreamRefusedError,
)

_KEYS: dict[type[PdkError], str] = {
    CannotConnectError: "cannot_connect",
    InvalidAuthError: "invalid_auth",
    PermissionMissingError: "no_permission",
    RateLimitedError: "rate_limited",
    StreamRefusedError: "stream_refused",
    NotConnectedError: "not_connected",
    CommandRefusedError: "command_refused",
    CommandUnansweredError: "no_answer",
}


def error_key(err: PdkError) -> str:
    """Return the translation key of an error."""
    return next(_KEYS[kind] for kind in type(err).__mro__ if kind in _KEYS)


def setup_error(err: PdkError, panel: str) -> HomeAssistantError:
    """Return what the set-up of an entry raises."""
    kind = (
        ConfigEntryAuthFailed
        if isinstance(err, InvalidAuthError)
        else ConfigEntryNotReady
    )
    return kind(
        translation_domain=DOMAIN,
        translation_key=error_key(err),
        translation_placeholders={"panel": panel, "reason": str(err)},
    )


def action_error(err: PdkError, panel: str) -> HomeAssistantError:
    """Return what an action raises."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=error_key(err),
        translation_placeholders={"panel": panel, "reason": str(err)},
    )
