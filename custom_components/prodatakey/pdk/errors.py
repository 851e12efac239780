"""Errors of pdk.io: one type for each thing that a caller can do about it."""

from collections.abc import Mapping

from .models import DoorId


class PdkError(Exception):
    """Base of all errors of pdk.io. Never contains a secret."""


class CannotConnectError(PdkError):
    """pdk.io did not answer, or not as documented: try again later."""


class InvalidAuthError(PdkError):
    """The client id or the client secret was rejected.

    Ask for new ones once it is `confirmed`: a single rejection may be an outage.
    """

    confirmed = False

    def __str__(self) -> str:
        """Return the answer of pdk.io, and what it means."""
        return f"the credentials were rejected: {super().__str__()}"


class PermissionMissingError(PdkError):
    """The credentials are valid, but have no permission for this panel."""

    def __str__(self) -> str:
        """Return the answer of pdk.io, and what it means."""
        return f"the credentials have no permission: {super().__str__()}"


class RateLimitedError(PdkError):
    """pdk.io asks to wait."""

    def __init__(self, retry_after: float) -> None:
        """Initialize with the time to wait, in seconds."""
        super().__init__(f"rate limited for {retry_after:.0f} s")
        self.retry_after = retry_after


class StreamRefusedError(PdkError):
    """The panel answers, but refuses the stream."""


class CommandError(PdkError):
    """A command failed, or its result is unknown."""


class NotConnectedError(CommandError):
    """The stream is not connected; the command was not sent."""


class CommandRejectedError(CommandError):
    """The panel rejected the command; the message is the panel's own."""


class CommandRateLimitedError(CommandRejectedError):
    """PDK received too many commands, and did not execute this one."""


class RoleTooSmallError(CommandRejectedError):
    """The credentials may read, but not send commands: an insufficient role.

    Or the site is being migrated: then nobody may.
    """


class TokenRefusedError(CommandRejectedError):
    """The token was refused, and has been replaced."""


class NoPermissionError(CommandRejectedError):
    """The credentials have no permission for this panel any more."""


class CommandUnansweredError(CommandError):
    """The command was sent, and its result is unknown."""


class NotConfirmedError(CommandError):
    """The panel has accepted the command, and the state after it is not certain."""


class ExcludedError(CommandError):
    """A lockdown and an evacuation exclude each other: the other one is on."""


class DoorsFailedError(CommandError):
    """A command for all doors failed at some; `errors` says why, by their ids."""

    def __init__(self, errors: Mapping[DoorId, PdkError]) -> None:
        """Initialize with the errors."""
        super().__init__()
        self.errors = errors


class MaybeRejectedError(CommandUnansweredError):
    """The panel rejected one of several commands, in its own words: maybe this one."""
