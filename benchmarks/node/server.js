// The genuine socket.io 2.x server, sending each client the same pre-built frames.
"use strict"

const fs = require("fs")
const http = require("http")
const { createRequire } = require("module")

const [modules, frames] = process.argv.slice(2)
const socketio = createRequire(modules)("socket.io")
const built = fs.readFileSync(frames)

const server = http.createServer()
const io = socketio(server)

io.on("connection", (socket) => {
  // Behind the greeting, and past the library: this measures clients, not servers.
  setTimeout(() => socket.conn.transport.socket._socket.write(built), 200)
})

process.stdin.resume().on("end", () => process.exit())
server.listen(0, "127.0.0.1", () => console.log(server.address().port))
