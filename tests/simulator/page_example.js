// The Streaming API page's own example, put together, with npm's genuine client.
// Prints one JSON line for each thing that happens. Arguments: accounts URL, panel
// id, door id, "," joined transports (none: the client's own choice).
const io = require("socket.io-client")
const crypto = require("crypto")

const [accounts, panel_id, door_id, transports] = process.argv.slice(2)
const options = transports ? { transports: transports.split(",") } : {}
const say = (what, value) => console.log(JSON.stringify([what, value]))

const get_id_token = async () => {
  const credentials = Buffer.from("demo:demo-secret").toString("base64")
  const response = await fetch(`${accounts}/oauth2/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  })
  return (await response.json()).id_token
}

const get_panel_token = async () => {
  const headers = { Authorization: `Bearer ${await get_id_token()}` }
  const url = `${accounts}/api/panels/${panel_id}/token`
  const response = await fetch(url, { method: "POST", headers })
  return (await response.json()).token
}

const get_uri = async () => {
  const headers = { Authorization: `Bearer ${await get_id_token()}` }
  const response = await fetch(`${accounts}/api/panels/${panel_id}`, { headers })
  return (await response.json()).uri
}

const main = async () => {
  const address = (await get_uri()).replace("http", "ws").replace(/\/$/, "")
  const panel_token = await get_panel_token()
  const socket = io(`${address}?token=${panel_token}`, options)

  socket.on("connect", () => {
    say("connect", socket.id)
    socket.emit("command", {
      id: crypto.randomUUID(),
      topic: "door.try.dwellopen",
      body: { doorId: Number(door_id), dwell: 3 },
    })
  })
  socket.on("command.result.succeed", (event) => say("succeed", event))
  socket.on("door.input.relay.on", (event) => say("relay.on", event))
  socket.on("door.input.relay.off", (event) => say("relay.off", event))
  socket.on("door.request.allowed", (event) => {
    say("allowed", event)
    socket.close()
  })
  socket.on("invalidToken", async () => {
    say("invalidToken", null)
    socket.emit("renewedToken", { token: await get_panel_token() })
  })
  socket.on("error", (error) => say("error", error))
}

main()
