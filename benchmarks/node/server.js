// npm's socket.io 2.x server, which sends the same frames to each client.
"use strict"

const fs = require("fs")
const http = require("http")
const { createRequire } = require("module")

const [package_, file] = process.argv.slice(2)
const frames = fs.readFileSync(file)
const server = http.createServer()

createRequire(package_)("socket.io")(server).on("connection", (socket) => {
  // After the handshake, and without the library: this measures clients, not servers.
  setTimeout(() => socket.conn.transport.socket._socket.write(frames), 200)
})

process.stdin.resume().on("end", () => process.exit())
server.listen(0, "127.0.0.1", () => console.log(server.address().port))
