"""A real Home Assistant is killed while a site moves, in lockdowns and in holds."""
