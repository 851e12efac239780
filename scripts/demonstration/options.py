"""The command line of scripts/demo. Any Python 3 can run it, for --help without a set-up."""

import argparse
import ipaddress
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAX_PORT = 65535
LOCALHOST = "127.0.0.1"
ALL_ADDRESSES = str(ipaddress.IPv4Address(0))


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Home Assistant with a simulated ProdataKey panel, until Ctrl-C.",
    )
    parser.add_argument(
        "--port", type=port, default=8123, help="port of Home Assistant (%(default)s)"
    )
    parser.add_argument(
        "--bind",
        type=address,
        default=LOCALHOST,
        help="IPv4 address of this machine on which Home Assistant can be opened as well,"
        f" such as by a tablet; {ALL_ADDRESSES} means all. Anyone in that network can then log"
        " in with the demo's password. The pages of the simulated panel stay on this machine"
        " (%(default)s)",
    )
    parser.add_argument(
        "--panel-port",
        type=port,
        default=8700,
        help="first of the four ports of the simulated panels; 0 means any free ports"
        " (%(default)s)",
    )
    parser.add_argument(
        "--empty", action="store_true", help="do not add the integration"
    )
    parser.add_argument(
        "--keep", action="store_true", help="continue with the folder of the last demo"
    )
    parser.add_argument(
        "--live", action="store_true", help="let people come and go by themselves"
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=1,
        help="simulated seconds in a real one (%(default)s)",
    )
    parser.add_argument(
        "--folder",
        type=lambda text: Path(text).absolute(),
        default=ROOT / ".demo",
        help="folder for all files; emptied at each start without --keep (%(default)s)",
    )
    return parser.parse_args(arguments)


def port(text: str) -> int:
    """Return the number of a port."""
    if not 0 <= (number := int(text)) <= MAX_PORT:
        raise ValueError
    return number


def address(text: str) -> str:
    """Return an IPv4 address."""
    return str(ipaddress.IPv4Address(text))


if __name__ == "__main__":
    parse_arguments()
