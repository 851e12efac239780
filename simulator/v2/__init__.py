"""The simulated PDK 2.0: systems with cloud nodes, on a genuine Socket.IO 4 server."""
