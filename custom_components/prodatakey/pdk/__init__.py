"""Asyncio client for pdk.io: accounts, panels and their Streaming API."""
