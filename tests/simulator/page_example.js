// The Streaming API page's own example with npm's client: opens a door, renews its token.
// Prints one JSON line for each event. Arguments: accounts URL, panel id, transport.
const io = require("socket.io-client")
const [accounts, panel_id, transport] = process.argv.slice(2)
const print = (name, value) => console.log(JSON.stringify([name, value]))

const request = async (path, method, headers, body) =>
  (await fetch(accounts + path, { method, headers, body })).json()

const get_authorization = async () => {
  const credentials = Buffer.from("demo:demo-secret").toString("base64")
  const body = new URLSearchParams({ grant_type: "client_credentials" })
  const headers = { Authorization: `Basic ${credentials}` }
  const { id_token } = await request("/oauth2/token", "POST", headers, body)
  return { Authorization: `Bearer ${id_token}` }
}

const get_panel_token = async () => {
  const headers = await get_authorization()
  return (await request(`/api/panels/${panel_id}/token`, "POST", headers)).token
}

const main = async () => {
  const { uri } = await request(`/api/panels/${panel_id}`, "GET", await get_authorization())
  const address = uri.replace("http", "ws").replace(/\/$/, "")
  const socket = io(`${address}?token=${await get_panel_token()}`, { transports: [transport] })
  socket.on("connect", () => {
    print("connect", socket.id)
    const body = { doorId: 1, dwell: 3 }
    socket.emit("command", { id: crypto.randomUUID(), topic: "door.try.dwellopen", body })
  })
  for (const name of ["command.result.succeed", "door.input.relay.on", "door.input.relay.off"])
    socket.on(name, (event) => print(name, event))
  socket.on("door.request.allowed", (event) => {
    print("door.request.allowed", event)
    socket.close()
  })
  socket.on("invalidToken", async () => {
    print("invalidToken", null)
    socket.emit("renewedToken", { token: await get_panel_token() })
  })
}

main()
