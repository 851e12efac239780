"""The dialect of PDK 1.0: the Streaming API page, on Socket.IO 2.x."""
