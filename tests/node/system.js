// A system's stream on npm's socket.io 4 server. Orders come on stdin, and what happens
// goes to stdout: one JSON array a line.
"use strict"

const http = require("http")
const readline = require("readline")
const { Server } = require("socket.io-4")

const options = JSON.parse(process.argv[2])
let refusal = null

const print = (...what) => process.stdout.write(`${JSON.stringify(what)}\n`)

const server = http.createServer()
const io = new Server(server, {
  pingInterval: options.pingInterval,
  pingTimeout: options.pingTimeout,
  allowRequest: (request, decide) => {
    if (refusal === "http") print("refused", "http")
    decide(null, refusal !== "http")
  },
})

io.use((socket, next) => {
  if (refusal !== "middleware") return next()
  print("refused", "middleware")
  next(new Error("Authorization has failed."))
})

io.engine.on("connection", (connection) => {
  connection.on("packet", ({ type }) => type === "pong" && print("frame", "3"))
})

io.on("connection", (socket) => {
  print("connection", socket.handshake.query)
  socket.on("disconnect", (reason) => print("disconnect", reason))
  socket.on("subscribeIsolated", (request) => {
    socket.join("subscribed")
    print("subscribed", request.topics)
  })
})

const orders = {
  emit: (...event) => io.to("subscribed").emit(...event),
  disconnect: () => io.disconnectSockets(),
  hangUp: () => io.disconnectSockets(true),
  refuse: (how) => (refusal = how),
}

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [order, ...rest] = JSON.parse(line)
    orders[order](...rest)
    print("done", order)
  })
  .on("close", () => process.exit())

server.listen(options.port, "127.0.0.1", () => print("listening", server.address().port))
