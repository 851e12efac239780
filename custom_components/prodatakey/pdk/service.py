"""Where pdk.io is, and which addresses may receive tokens."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The addresses of pdk.io, or of a service in its place.

    URLs have no slash at the end. `hosts` and those below them are trusted, by these
    `schemes`; connections to panels are encrypted where their addresses are https.
    """

    accounts_url: str
    systems_url: str
    hosts: tuple[str, ...]
    schemes: tuple[str, ...] = ("https",)

    def trusts(self, uri: str) -> bool:
        """Return whether a panel token may be sent to this address."""
        try:
            address = urlsplit(uri)
            host = f".{address.hostname or ''}"
        except ValueError:
            return False
        return address.scheme in self.schemes and any(
            host.endswith(f".{each}") for each in self.hosts
        )


PDK_IO = Service(
    accounts_url="https://accounts.pdk.io",
    systems_url="https://systems.pdk.io",
    hosts=("pdk.io",),
)
