// The page: one websocket that tells every change, and requests that act.

import { Card } from "./card.js";
import { Log } from "./log.js";

const find = (selector) => document.querySelector(selector);
const log = new Log(find("#log"), find("#nothing"));
const cards = new Map();
let panels = {};
let life = null;
let shown = null;

export async function post(path, body = {}) {
  try {
    const url = `/control/panels/${encodeURIComponent(shown)}/${path}`;
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    say(answer.ok ? "" : (await answer.json()).message);
  } catch {
    say("The simulator does not answer.");
  }
}

function say(text) {
  find("#said").textContent = text;
}

// Panels

function merge(message) {
  if (message.whole) {
    panels = message.panels;
    return;
  }
  for (const [id, panel] of Object.entries(message.panels)) {
    panels[id] = { ...panel, doors: { ...panels[id].doors, ...panel.doors } };
  }
}

function choose(id) {
  shown = id;
  location.replace(`#${encodeURIComponent(id)}`);
  build();
}

function build() {
  const ids = Object.keys(panels);
  if (!ids.includes(shown)) {
    const asked = decodeURIComponent(location.hash.slice(1));
    shown = ids.includes(asked) ? asked : ids[0] ?? null;
  }
  buildTabs(ids);
  find("#panel").hidden = shown === null;
  cards.clear();
  find("#doors").replaceChildren();
  log.show(shown);
  if (shown === null) return;
  for (const [id, door] of Object.entries(panels[shown].doors)) {
    const card = new Card(door, panels[shown].people, (act, body) =>
      post(`doors/${encodeURIComponent(id)}/${act}`, body),
    );
    cards.set(id, card);
    find("#doors").append(card.element);
  }
  update();
}

function update() {
  const panel = panels[shown];
  if (!panel) return;
  const set = (name, text) => (find(`.controls [data-of="${name}"]`).textContent = text);
  set("serial", shown);
  set("network", panel.online ? "Online" : "Offline");
  set("clients", panel.clients);
  find(".controls").dataset.online = panel.online;
  find('[data-panel-act="network"]').textContent = panel.online ? "Take offline" : "Take online";
  for (const [id, door] of Object.entries(panel.doors)) cards.get(id).update(door);
  for (const tab of find("#tabs").children) tab.dataset.alarm = alarmed(panels[tab.dataset.id]);
}

const alarmed = (panel) =>
  Object.values(panel.doors).some(({ live }) => live.forced || live.propped);

function buildTabs(ids) {
  const tabs = ids.map((id) => {
    const tab = document.createElement("button");
    const selected = id === shown;
    Object.assign(tab, { type: "button", role: "tab", textContent: panels[id].name });
    Object.assign(tab, { ariaSelected: selected, tabIndex: selected ? 0 : -1 });
    tab.setAttribute("aria-controls", "panel");
    tab.dataset.id = id;
    tab.addEventListener("click", () => choose(id));
    return tab;
  });
  const hadFocus = find("#tabs").contains(document.activeElement);
  find("#tabs").replaceChildren(...tabs);
  find("#tabs").hidden = ids.length < 2;
  if (hadFocus) find('#tabs [aria-selected="true"]').focus();
}

find("#tabs").addEventListener("keydown", (event) => {
  const ids = Object.keys(panels);
  const at = ids.indexOf(shown);
  const keys = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
  if (!(event.key in keys)) return;
  event.preventDefault();
  choose(ids.at(keys[event.key] % ids.length));
});

const SYSTEM_ID = "ea5df7cb-8ea9-443d-9866-b5c44c05b46d";

for (const button of document.querySelectorAll("[data-panel-act]")) {
  const act = button.dataset.panelAct;
  button.addEventListener("click", () => {
    if (act === "network") post(panels[shown].online ? "offline" : "online");
    else if (act === "kick") post("kick");
    else post("migrate", { stage: act, ...(act !== "started" && { systemId: SYSTEM_ID }) });
  });
}

find("#clear").addEventListener("click", () => log.clear());

// The clock of a life of its own

function tick() {
  find("#clock").hidden = !life;
  if (!life) return;
  const seconds = life.seconds + ((performance.now() - life.heard) / 1000) * life.speed;
  const minutes = Math.floor(seconds / 60);
  const two = (number) => String(number).padStart(2, "0");
  const time = `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
  const speed = life.speed === 1 ? "" : ` · ${life.speed}× speed`;
  find("#clock").textContent = `Day ${Math.floor(minutes / 1440) + 1}, ${time}${speed}`;
}

setInterval(tick, 250);

// The websocket

function connect() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/control/live`);
  socket.addEventListener("open", () => connected(true));
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    life = message.life && { ...message.life, heard: performance.now() };
    merge(message);
    if (message.whole) build();
    else update();
    log.add(message.log);
    tick();
  });
  socket.addEventListener("close", () => {
    connected(false);
    setTimeout(connect, 1000);
  });
}

function connected(is) {
  const text = is ? "Live" : "The simulator is gone; trying again …";
  if (find("#connection").textContent !== text) find("#connection").textContent = text;
  document.body.dataset.connected = is;
}

connect();
