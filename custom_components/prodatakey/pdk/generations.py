"""Both generations of PDK: the only place that chooses between the two."""

from collections.abc import Callable, Iterable

import aiohttp

from .account import AccountClient
from .errors import PdkError, PermissionMissingError
from .events import PdkEvent
from .listing import Listing, read_organizations
from .models import CloudNodeInfo, Feature, PanelInfo
from .parser import Json
from .stream import StreamStatus
from .v1 import client as v1_client, stream as v1_stream
from .v2 import client as v2_client, node as v2_node

type Client = v1_client.PanelClient | v2_client.CloudNodeClient
type Stream = v1_stream.PanelStream | v2_node.CloudNodeStream


async def get_sites(account: AccountClient) -> Listing[PanelInfo]:
    """Return the panels of PDK 1.0, then the cloud nodes of PDK 2.0.

    A site that is being migrated may be in both. Raises PdkError if nothing
    could be read.
    """
    organizations = await read_organizations(account)
    nodes = await v2_client.get_cloud_nodes(account, organizations.found)
    sites = Listing[PanelInfo](
        found=[*v1_client.find_panels(account, organizations.found), *nodes.found],
        errors=organizations.errors | nodes.errors,
    )
    if not sites.found:
        sites.raise_failure()
    return sites


async def get_site(
    account: AccountClient,
    panel_id: str,
    system_id: str | None,
) -> PanelInfo:
    """Return one site; only those of PDK 2.0 have a system.

    Raises PdkError.
    """
    if system_id is None:
        return await v1_client.get_panel(account, panel_id)
    return await v2_client.get_cloud_node(account, system_id, panel_id)


async def check_permission(
    account: AccountClient, panel_id: str, system_id: str | None
) -> None:
    """Request a token of a site. Raises PdkError."""
    if system_id is None:
        await account.get_token(v1_client.token_path(panel_id))
    else:
        await account.get_token(v2_client.token_path(system_id))


async def find_moved_site(
    account: AccountClient, panel_id: str, system_id: str | None
) -> PanelInfo | None:
    """Return a site as the other generation of PDK has it, or None if it has not.

    Raises PdkError.
    """
    if system_id is not None:
        try:
            return await v1_client.get_panel(account, panel_id)
        except PermissionMissingError:
            return None
    try:
        organizations = await read_organizations(account)
    except PermissionMissingError:
        return None
    nodes = await v2_client.get_cloud_nodes(account, organizations.found)
    for node in nodes.found:
        if node.id == panel_id:
            return node
    organizations.raise_failure()
    nodes.raise_failure()
    return None


def get_features(system_id: str | None) -> frozenset[Feature]:
    """Return what a site can do: only those of PDK 2.0 have a system."""
    if system_id is None:
        return v1_client.PanelClient.features
    return v2_client.CloudNodeClient.features


def get_features_after_move(system_id: str | None) -> frozenset[Feature]:
    """Return what a site will be able to do once the other generation has it."""
    if system_id is None:
        return v2_client.CloudNodeClient.features
    return v1_client.PanelClient.features


def get_generation(system_id: str | None) -> str:
    """Return the generation of a site, as texts name it."""
    return (PanelInfo if system_id is None else CloudNodeInfo).generation


def restore_site(
    account: AccountClient, panel_id: str, system_id: str | None, stored: Json
) -> PanelInfo | None:
    """Return a site as it was stored, with `asdict`.

    None if it is incomplete, of the other generation, or at an address without trust.
    """
    if (stored.get("id"), stored.get("system_id")) != (panel_id, system_id):
        return None
    if system_id is None:
        return v1_client.parse_panel(account, stored)
    return v2_client.restore_cloud_node(account, system_id, stored)


def create_client(
    session: aiohttp.ClientSession,
    account: AccountClient,
    info: PanelInfo,
    secrets: Iterable[str] = (),
) -> Client:
    """Return the client for a site; `secrets` are removed from texts of the network."""
    if isinstance(info, CloudNodeInfo):
        return v2_client.CloudNodeClient(session, account, info, secrets)
    return v1_client.PanelClient(session, account, info, secrets)


def create_stream(
    client: Client,
    *,
    on_event: Callable[[PdkEvent], None],
    on_status: Callable[[StreamStatus, PdkError | None], None],
) -> Stream:
    """Return the stream of a site."""
    if isinstance(client, v2_client.CloudNodeClient):
        return v2_node.CloudNodeStream(client, on_event=on_event, on_status=on_status)
    return v1_stream.PanelStream(client, on_event=on_event, on_status=on_status)


async def validate_connection(client: Client) -> None:
    """Connect to a site once, and disconnect.

    Raises CannotConnectError, StreamRefusedError and what RestClient.get_token raises.
    """
    if isinstance(client, v2_client.CloudNodeClient):
        await v2_node.validate_connection(client)
    else:
        await v1_stream.validate_connection(client)
