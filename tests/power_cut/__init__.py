"""A real Home Assistant is killed while a site moves."""
