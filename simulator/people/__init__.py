"""The simulated people: what they do at doors, and their day."""
