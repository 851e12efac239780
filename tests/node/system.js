// A PDK 2.0 system's stream on npm's genuine socket.io 4 server, told what to do on stdin
// and telling on stdout what happens to it: one JSON array a line, in either direction.
"use strict"

const http = require("http")
const readline = require("readline")
const { Server } = require("socket.io-4")

const options = JSON.parse(process.argv[2])
let refusal = null

const say = (...what) => process.stdout.write(`${JSON.stringify(what)}\n`)

const server = http.createServer()
const io = new Server(server, {
  pingInterval: options.pingInterval,
  pingTimeout: options.pingTimeout,
  allowRequest: (request, decide) => decide(null, refusal !== "http"),
})

io.use((socket, next) => {
  if (refusal !== "middleware") return next()
  next(new Error("Authorization has failed."))
})

io.on("connection", (socket) => {
  say("connection", socket.handshake.query)
  socket.on("disconnect", (reason) => say("disconnect", reason))
  socket.on("subscribeIsolated", (request) => {
    socket.join("subscribed")
    say("subscribed", request.topics)
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
    say("done", order)
  })
  .on("close", () => process.exit())

server.listen(options.port, "127.0.0.1", () => say("listening", server.address().port))
