"""The sites that are on PDK 2.0: their systems, on a genuine Socket.IO 4 server."""
