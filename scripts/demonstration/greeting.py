"""What the demo prints about its addresses and about the network."""

import argparse

from .home_assistant import CREDENTIALS, PASSWORD, USER
from .options import ALL_ADDRESSES, LOCALHOST
from .processes import say


def greet(options: argparse.Namespace, panel_url: str, seconds: float) -> None:
    """Print all addresses."""
    say(f"ready after {seconds:.0f} s")
    print(f"""
  Home Assistant   http://{LOCALHOST}:{options.port}   (user {USER}, password {PASSWORD})
  Simulated panel  {panel_url}
  Logs             {options.folder}/*.log
""")
    if options.bind != LOCALHOST:
        print(
            f"  From the network {network_url(options)}   (anyone can log in)\n",
        )
    if options.empty:
        print(
            "  Settings > Devices & services > Add integration > ProdataKey,\n"
            f"  with client id {CREDENTIALS['client_id']}"
            f" and client secret {CREDENTIALS['client_secret']}\n"
        )
    print("  Ctrl-C ends it.", flush=True)


def warn_of_network(options: argparse.Namespace) -> None:
    """Print what it means that other devices can connect."""
    say(f"WARNING: --bind {options.bind}")
    print(
        f"""
  Anyone in the network can open {network_url(options)} and log in
  with user {USER} and password {PASSWORD}: as an administrator of this Home Assistant, which
  runs under your account on this machine. The connection is not encrypted.
  Use it only in a network that you trust, and end the demo afterwards.
  The simulated panel and its page can be opened on this machine only.
""",
        flush=True,
    )


def network_url(options: argparse.Namespace) -> str:
    """Return the URL for another device."""
    everywhere = options.bind == ALL_ADDRESSES
    address = "ADDRESS-OF-THIS-MACHINE" if everywhere else options.bind
    return f"http://{address}:{options.port}"
