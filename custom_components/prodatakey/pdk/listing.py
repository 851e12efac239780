"""List what an account has, some at a time: what cannot be read hides only itself."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
import logging

from .account import AccountClient, quoted
from .client import add_size
from .errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    PermissionMissingError,
)
from .parser import Json, as_dict, as_id, as_list, as_name

_LOGGER = logging.getLogger(__name__)

# More than any account has; a cycle among organizations must not block the set-up.
MAX_ORGANIZATIONS = 1000
# This many are read at the same time, at the pace that the service allows.
AT_A_TIME = 8
# What has not been read after this time, in seconds, counts as not readable.
MAX_TIME = 12.0

# The lists of both generations, by the word for what they have. That of PDK 2.0 is only
# likely; both name the systems.
_TREES = {"/api/ous": "PDK 1.0", "/api/organizations": "PDK 2.0"}


@dataclass(slots=True)
class Listing[T]:
    """What was found, and the errors of what could not be read, by its name."""

    found: list[T] = field(default_factory=list)
    errors: dict[str, PdkError] = field(default_factory=dict)

    def raise_failure(self) -> None:
        """Raise an error after which something may be missing from what was found.

        What the credentials have no permission for has nothing for them.
        """
        for err in self.errors.values():
            if not isinstance(err, PermissionMissingError):
                raise err


async def read_each[K, T](
    names: Mapping[K, str],
    read: Callable[[K], Awaitable[T]],
    timeout: float | None = MAX_TIME,
) -> Listing[T]:
    """Read several things, some at a time; `names` are those for errors.

    The results have the order of `names`. Raises InvalidAuthError, as that is about the
    whole account.
    """
    places = asyncio.Semaphore(AT_A_TIME)

    async def read_one(key: K) -> T | PdkError:
        async with places:
            try:
                return await read(key)
            except InvalidAuthError:
                raise
            except PdkError as err:
                return err

    tasks = {asyncio.create_task(read_one(key)): name for key, name in names.items()}
    if tasks:
        try:
            await asyncio.wait(
                tasks, timeout=timeout, return_when=asyncio.FIRST_EXCEPTION
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return _get_results(tasks)


def _get_results[T](tasks: Mapping[asyncio.Task[T | PdkError], str]) -> Listing[T]:
    """Return the results of tasks that have ended, each with its name."""
    for task in tasks:
        if not task.cancelled() and (failure := task.exception()) is not None:
            raise failure
    listing = Listing[T]()
    for task, name in tasks.items():
        late = CannotConnectError("not read in time")
        result = late if task.cancelled() else task.result()
        if isinstance(result, PdkError):
            _LOGGER.debug("Could not read %r: %s", name, result)
            listing.errors[name] = result
        else:
            listing.found.append(result)
    return listing


async def read_organizations(account: AccountClient) -> Listing[Json]:
    """Return the account's organization and those below it, except those of PDK 2.0.

    They are those of both generations, so most come twice. Raises PdkError if the
    account's own cannot be read.
    """
    trees = await read_each(_TREES, lambda path: read_tree(account, path), timeout=None)
    if not trees.found:
        trees.raise_failure()
        raise next(iter(trees.errors.values()))
    organizations = Listing[Json]()
    for tree in trees.found:
        organizations.found += tree.found
        organizations.errors |= tree.errors
    for generation, err in trees.errors.items():
        # without a permission for one generation it has nothing for these credentials
        if not isinstance(err, PermissionMissingError):
            organizations.errors[generation] = err
    return organizations


async def read_tree(account: AccountClient, path: str) -> Listing[Json]:
    """Return the organizations of one generation, by the path of its list.

    Raises PdkError if the account's own cannot be read.
    """

    size = 0

    async def read(organization_id: str) -> list[Json]:
        nonlocal size
        response = await account.request("GET", f"{path}/{quoted(organization_id)}")
        size = add_size(size, response)
        # one object or, in PDK 2.0, maybe a list
        body = as_list(response.body)[:MAX_ORGANIZATIONS] or [response.body]
        return list(map(as_dict, body))

    tree = Listing[Json]()
    organizations = await read("mine")
    visited: set[str] = set()
    while organizations:
        tree.found += organizations
        children = {
            key: name for key, name in _children(organizations) if key not in visited
        }
        level = dict(islice(children.items(), MAX_ORGANIZATIONS - len(visited)))
        visited |= level.keys()
        below = await read_each(level, read)
        tree.errors |= below.errors
        organizations = [each for several in below.found for each in several]
    return tree


def _children(organizations: Iterable[Json]) -> Iterator[tuple[str, str]]:
    """Yield the id and the name of each organization below, except those of PDK 2.0."""
    for organization in organizations:
        children = as_list(organization.get("children"))[:MAX_ORGANIZATIONS]
        for child in map(as_dict, children):
            if not child.get("systemId") and (child_id := as_id(child.get("id"))):
                key = str(child_id)
                yield key, as_name(child.get("name")) or key
