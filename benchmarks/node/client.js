// Count events with npm's socket.io-client 2.x.
"use strict"

const { createRequire } = require("module")

const [package_, url, count, topics] = process.argv.slice(2)
const socket = createRequire(package_)("socket.io-client")(url, { transports: ["websocket"] })
let received = 0
let started
let cpu

const onEvent = () => {
  if (received++ === 0) {
    started = process.hrtime.bigint()
    cpu = process.cpuUsage()
  }
  if (received < Number(count)) return
  const { user, system } = process.cpuUsage(cpu)
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6 }))
  process.exit()
}

for (const topic of JSON.parse(topics)) socket.on(topic, onEvent)
