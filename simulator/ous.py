"""The tree of organizational units."""

from typing import Any

from .scenario import OrgUnit
from .world import World

_ROOT = 1
_ROOT_NAME = "Demo Integrator"


def id_of(world: World, name: str | None) -> int:
    """Return the id of a unit; panels without one are in the root."""
    names = [each.name for each in _children(world)]
    return _ROOT if name is None else _ROOT + 1 + names.index(name)


def find(world: World, ou_id: str) -> dict[str, Any] | None:
    """Return a unit as the API shows it."""
    if ou_id in ("mine", str(_ROOT)):
        return _show(world, _ROOT, None, _ROOT_NAME)
    for each in _children(world):
        if str(unit_id := id_of(world, each.name)) == ou_id:
            return _show(world, unit_id, each.name, each.name)
    return None


def _show(world: World, unit_id: int, key: str | None, name: str) -> dict[str, Any]:
    return {
        "id": unit_id,
        "name": name,
        "panels": [
            {"id": host.panel.id, "name": host.panel.name, "uri": host.told_uri}
            for host in world.hosts.values()
            if host.panel.ou == key
        ],
        "children": [
            _child(world, each) for each in _children(world) if each.parent == key
        ],
    }


def _child(world: World, unit: OrgUnit) -> dict[str, Any]:
    child: dict[str, Any] = {"id": id_of(world, unit.name), "name": unit.name}
    return child | ({"systemId": unit.system_id} if unit.system_id else {})


def _children(world: World) -> list[OrgUnit]:
    """Return the declared units, then those that only panels name."""
    units = {each.name: each for each in world.scenario.ous}
    for host in world.hosts.values():
        if host.panel.ou is not None:
            units.setdefault(host.panel.ou, OrgUnit(name=host.panel.ou))
    return list(units.values())
