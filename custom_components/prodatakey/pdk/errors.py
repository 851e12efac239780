"""What can go wrong with pdk.io, one type for each thing a caller can do about it."""


class PdkError(Exception):
    """Base of what can go wrong with pdk.io. Never carries a secret."""


class CannotConnectError(PdkError):
    """pdk.io did not answer, or not with what its documentation says."""


class InvalidAuthError(PdkError):
    """The client id or the client secret is refused."""


class PermissionMissingError(PdkError):
    """The credentials are good, but not for this panel."""


class RateLimitedError(PdkError):
    """pdk.io asks to wait."""

    def __init__(self, retry_after: float) -> None:
        """Remember how long to wait, in seconds."""
        super().__init__(f"rate limited for {retry_after:.0f} s")
        self.retry_after = retry_after


class StreamRefusedError(PdkError):
    """The panel answers, but does not let the stream connect."""


class CommandError(PdkError):
    """A command was not carried out, or nobody can tell."""


class NotConnectedError(CommandError):
    """The command was not sent: the stream is down."""


class CommandRefusedError(CommandError):
    """The panel refused the command; the message is the panel's own."""


class CommandUnansweredError(CommandError):
    """The command was sent, and what became of it is not known."""
