"""Asyncio client for pdk.io: accounts, panels and their Streaming API.

What is imported here is the public face; everything else may change.
"""

from .account import AccountClient
from .all_doors import AllDoors
from .clock import now
from .commands import (
    ActuateClose,
    ActuateDoNotDisturb,
    ActuateForceToggle,
    ActuateOpen,
    ClearForced,
    DoorCommand,
    QuerySignal,
    TryDwellOpen,
    TryOpen,
    run_to_completion,
    to_dwell,
)
from .do_not_disturb import set_do_not_disturb
from .doors import Door, Grant
from .endpoints import Endpoint, EndpointKey, Signal
from .errors import (
    CannotConnectError,
    CommandError,
    CommandRateLimitedError,
    CommandRejectedError,
    CommandUnansweredError,
    DoorsFailedError,
    ExcludedError,
    InvalidAuthError,
    MaybeRejectedError,
    NoPermissionError,
    NotConfirmedError,
    NotConnectedError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
    RoleTooSmallError,
    StreamRefusedError,
    TokenRefusedError,
)
from .events import (
    Access,
    AccessEvent,
    DeniedReason,
    LiveEvent,
    Migration,
    MigrationStage,
    Placeholder,
    SiteProblem,
)
from .generations import (
    Client,
    check_permission,
    create_client,
    find_moved_site,
    get_features,
    get_features_after_move,
    get_generation,
    get_site,
    get_sites,
    restore_site,
    validate_connection,
)
from .listing import read_each
from .lockdown import Lockdown
from .models import Aspect, DoorId, DoorInfo, DoorKind, Feature, PanelInfo
from .panel import Panel
from .service import PDK_IO, Service
from .site import Site
from .subscribers import Subscribers
from .tasks import log_failure

__all__ = [
    "PDK_IO",
    "Access",
    "AccessEvent",
    "AccountClient",
    "ActuateClose",
    "ActuateDoNotDisturb",
    "ActuateForceToggle",
    "ActuateOpen",
    "AllDoors",
    "Aspect",
    "CannotConnectError",
    "ClearForced",
    "Client",
    "CommandError",
    "CommandRateLimitedError",
    "CommandRejectedError",
    "CommandUnansweredError",
    "DeniedReason",
    "Door",
    "DoorCommand",
    "DoorId",
    "DoorInfo",
    "DoorKind",
    "DoorsFailedError",
    "Endpoint",
    "EndpointKey",
    "ExcludedError",
    "Feature",
    "Grant",
    "InvalidAuthError",
    "LiveEvent",
    "Lockdown",
    "MaybeRejectedError",
    "Migration",
    "MigrationStage",
    "NoPermissionError",
    "NotConfirmedError",
    "NotConnectedError",
    "Panel",
    "PanelInfo",
    "PdkError",
    "PermissionMissingError",
    "Placeholder",
    "QuerySignal",
    "RateLimitedError",
    "RoleTooSmallError",
    "Service",
    "Signal",
    "Site",
    "SiteProblem",
    "StreamRefusedError",
    "Subscribers",
    "TokenRefusedError",
    "TryDwellOpen",
    "TryOpen",
    "check_permission",
    "create_client",
    "find_moved_site",
    "get_features",
    "get_features_after_move",
    "get_generation",
    "get_site",
    "get_sites",
    "log_failure",
    "now",
    "read_each",
    "restore_site",
    "run_to_completion",
    "set_do_not_disturb",
    "to_dwell",
    "validate_connection",
]
