"""pdk.io in asyncio Python: accounts, panels and the panel's stream."""
