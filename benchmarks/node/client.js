// npm's official socket.io-client 2.x, counting events.
"use strict"

const { createRequire } = require("module")

const [modules, url, count, topics] = process.argv.slice(2)
const client = createRequire(modules)("socket.io-client")

const socket = client(url, { transports: ["websocket"] })
let received = 0
let begun
let cpu

const take = () => {
  if (received++ === 0) {
    begun = process.hrtime.bigint()
    cpu = process.cpuUsage()
  }
  if (received < Number(count)) return
  const { user, system } = process.cpuUsage(cpu)
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9
  console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6 }))
  process.exit()
}

for (const topic of JSON.parse(topics)) socket.on(topic, take)
