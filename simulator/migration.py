"""A site moves to PDK 2.0, and back."""

from collections.abc import Mapping
from typing import Any

from .host import PanelHost
from .world import World

_STAGES = ("started", "staged", "completed", "rolledback")


async def migrate(world: World, host: PanelHost, body: Mapping[str, Any]) -> None:
    """Bring a site to a stage of its migration, with the event unless it is to be missed.

    That of a roll-back reaches only clients that are still connected on PDK 1.0.
    """
    panel, stage = host.panel, body["stage"]
    if stage == "completed":
        panel.system_id = body.get("systemId", panel.system_id)
    # `migration.started` has no body, so the event has no argument.
    fields = {key: body[key] for key in ("systemId", "task") if key in body}
    if stage == "completed":
        fields["systemId"] = panel.system_id
    if body.get("event", True) and not host.system:
        panel.publish(f"migration.{stage}", *([fields] if fields else []))
    if stage in _STAGES:
        panel.migration = stage
    if stage in ("completed", "rolledback"):
        await host.leave_system()
    if stage == "completed":
        host.join_system(world.system(panel.system_id))
        panel.revoke_tokens()
        await host.stream.end()
