"""A simulated pdk.io: accounts service, panels and their streams."""
