// npm's socket.io server, of 2.x or 4, which sends the same frames to each client.
"use strict"

const fs = require("fs")
const http = require("http")
const { createRequire } = require("module")

const [package_, library, file] = process.argv.slice(2)
const frames = fs.readFileSync(file)
const server = http.createServer()

createRequire(package_)(library)(server).on("connection", (socket) => {
  // After the handshake, and without the library: this measures clients, not servers.
  setTimeout(() => socket.conn.transport.socket._socket.write(frames), 200)
})

process.stdin.resume().on("end", () => process.exit())
server.listen(0, "127.0.0.1", () => console.log(server.address().port))
