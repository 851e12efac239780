"""Home Assistant's own integrations that the demo runs, and the packages they need.

Home Assistant installs an integration's packages when it first sets the integration up.
scripts/setup installs them beforehand, so that a start takes seconds and asks nobody.
"""

from collections.abc import Iterable
import json
from pathlib import Path
from typing import Any

import homeassistant
from homeassistant.bootstrap import CORE_INTEGRATIONS, DEFAULT_INTEGRATIONS

COMPONENTS = Path(homeassistant.__file__).parent / "components"

# Instead of `default_config`, which also searches the network for devices and wants the internet.
DEMO_INTEGRATIONS = (
    "blueprint",
    "config",
    "conversation",
    "diagnostics",
    "frontend",
    "history",
    "logbook",
    "my",
    "recorder",
    "repairs",
    "sun",
)


def manifest(domain: str) -> dict[str, Any]:
    """Read an integration's manifest; most entity domains' is a few lines."""
    content: dict[str, Any] = json.loads(
        (COMPONENTS / domain / "manifest.json").read_text()
    )
    return content


def with_dependencies(domains: Iterable[str]) -> set[str]:
    """Add what these integrations are set up with, and what that is set up with in turn."""
    found: set[str] = set()
    waiting = list(domains)
    while waiting:
        if (domain := waiting.pop()) not in found:
            found.add(domain)
            about = manifest(domain)
            waiting += about.get("dependencies", []) + about.get(
                "after_dependencies", []
            )
    return found


def packages() -> set[str]:
    """Name the packages of everything that the demo's Home Assistant sets up."""
    domains = with_dependencies(
        CORE_INTEGRATIONS | DEFAULT_INTEGRATIONS | set(DEMO_INTEGRATIONS)
    )
    return {
        package
        for domain in domains
        for package in manifest(domain).get("requirements", [])
    }


if __name__ == "__main__":
    print("\n".join(sorted(packages())))
