// A panel's stream on npm's socket.io 2.x server. Orders come on stdin, and what happens
// goes to stdout: one JSON array a line.
"use strict"

const http = require("http")
const readline = require("readline")
const socketio = require("socket.io")

const options = JSON.parse(process.argv[2])
let refusal = null
let answer = "succeed"

const print = (...what) => process.stdout.write(`${JSON.stringify(what)}\n`)

const server = http.createServer()
const io = socketio(server, {
  pingInterval: options.pingInterval,
  pingTimeout: options.pingTimeout,
  allowRequest: (request, decide) => {
    if (refusal !== "http") return decide(null, true)
    print("refused", "http")
    decide(4, false) // 403 Forbidden
  },
})

io.use((socket, next) => {
  if (refusal !== "middleware") return next()
  print("refused", "middleware")
  next(new Error("Authorization has failed."))
})

io.engine.on("connection", (connection) => {
  connection.transport.socket.on("message", (frame) => print("frame", String(frame)))
})

io.on("connection", (socket) => {
  print("connection", socket.handshake.query)
  socket.on("disconnect", (reason) => print("disconnect", reason))
  socket.on("command", (command) => {
    if (answer === "succeed") {
      socket.emit("command.result.succeed", {
        topic: "command.result.succeed",
        body: { commandId: command.id },
      })
    } else if (answer !== "silent") {
      socket.emit("serverError", { message: answer })
    }
  })
})

const sockets = () => Object.values(io.of("/").connected)

const orders = {
  emit: (...event) => sockets().forEach((socket) => socket.emit(...event)),
  doors: (count) => {
    for (let doorId = 1; doorId <= count; doorId++) {
      const topic = `door.input.relay.${doorId % 2 ? "on" : "off"}`
      io.emit(topic, { topic, body: { doorId } })
    }
  },
  disconnect: () => sockets().forEach((socket) => socket.disconnect()),
  closePacket: () => sockets().forEach((socket) => socket.conn.sendPacket("close")),
  hangUp: () => sockets().forEach((socket) => socket.conn.close()),
  refuse: (how) => (refusal = how),
  answer: (how) => (answer = how),
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
