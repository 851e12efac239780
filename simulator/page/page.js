// The page: a websocket that sends every change, and requests that act.

import { Card } from "./card.js";
import { Log } from "./log.js";

const find = (selector) => document.querySelector(selector);
const log = new Log(find("#log"), find("#empty"));
const cards = new Map();
let panels = {};
let layout = "";
let time = null;
let shown = null;

async function post(path, body = {}) {
  try {
    const url = `/control/panels/${encodeURIComponent(shown)}/${path}`;
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    find("#error").textContent = answer.ok ? "" : (await answer.json()).message;
  } catch {
    find("#error").textContent = "The simulator does not answer.";
  }
}

// Panels. The address names the selected one, so a reload and a bookmark keep it.

const panelInAddress = () => decodeURIComponent(location.hash.slice(1));

function select(id) {
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  build();
}

function build() {
  const ids = Object.keys(panels);
  const selected = panelInAddress();
  shown = ids.includes(selected) ? selected : (ids[0] ?? null);
  buildTabs(ids);
  find("#panel").hidden = shown === null;
  cards.clear();
  find("#doors").replaceChildren();
  log.show(shown);
  if (shown === null) return;
  document.title = `${panels[shown].name} – Simulated panel`;
  for (const [id, door] of Object.entries(panels[shown].doors)) {
    const card = new Card(door, panels[shown], (act, body) =>
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
  set("system", `PDK ${panel.generation}.0`);
  find(".controls").dataset.online = panel.online;
  find("#migration").textContent = migrationOf(panel);
  find("#migration").hidden = !migrationOf(panel);
  const migrates = isMigrating(panel);
  const focused = document.activeElement;
  const show = (act, shown) => (find(`[data-panel-act="${act}"]`).hidden = !shown);
  show("started", panel.generation === 1 && !migrates);
  show("completed", panel.generation === 1);
  show("rolledback", panel.generation === 2 || migrates);
  // A button that is hidden hands the focus on.
  if (focused.hidden) find(".migration :not([hidden])").focus();
  find('[data-panel-act="network"]').textContent = panel.online ? "Take offline" : "Take online";
  for (const [id, door] of Object.entries(panel.doors)) cards.get(id).update(door);
  for (const tab of find("#tabs").children) tab.dataset.alarm = hasAlarm(panels[tab.dataset.id]);
}

const isMigrating = ({ migration }) => ["started", "staged"].includes(migration);

function migrationOf(panel) {
  if (isMigrating(panel)) return "This site is being migrated. Commands are rejected meanwhile.";
  if (panel.migration !== "completed") return "";
  return "This site has been migrated to PDK 2.0. PDK 1.0 no longer knows it.";
}

const hasAlarm = (panel) =>
  Object.values(panel.doors).some(({ state }) => state.forced || state.propped);

// What the page is built from; all the rest is updated in place.
const layoutOf = () =>
  JSON.stringify(panels, (key, value) => {
    if (["state", "request", "clients", "online", "migration"].includes(key)) return undefined;
    return value;
  });

function buildTabs(ids) {
  const tabs = ids.map((id) => {
    const tab = document.createElement("button");
    const selected = id === shown;
    Object.assign(tab, { type: "button", role: "tab", textContent: panels[id].name });
    if (panels[id].generation === 2) {
      const generation = document.createElement("span");
      generation.textContent = "PDK 2.0";
      tab.append(" ", generation);
    }
    Object.assign(tab, { ariaSelected: selected, tabIndex: selected ? 0 : -1 });
    tab.id = selected ? "selected-tab" : "";
    tab.setAttribute("aria-controls", "panel");
    tab.dataset.id = id;
    tab.addEventListener("click", () => select(id));
    return tab;
  });
  const hadFocus = find("#tabs").contains(document.activeElement);
  find("#tabs").replaceChildren(...tabs);
  find("#tabs").hidden = ids.length < 2;
  if (hadFocus) find("#tabs").querySelector('[aria-selected="true"]').focus();
}

find("#tabs").addEventListener("keydown", (event) => {
  const ids = Object.keys(panels);
  const at = ids.indexOf(shown);
  const keys = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
  if (!(event.key in keys)) return;
  event.preventDefault();
  select(ids.at(keys[event.key] % ids.length));
});

addEventListener("hashchange", build);

for (const button of document.querySelectorAll("[data-panel-act]")) {
  const act = button.dataset.panelAct;
  button.addEventListener("click", () => {
    if (act === "network") post(panels[shown].online ? "offline" : "online");
    else if (act === "kick") post("kick");
    else post("migrate", { stage: act });
  });
}

// The stream. On a phone it is folded until it is opened.

find("#clear").addEventListener("click", () => log.clear());

const phone = matchMedia("(max-width: 860px)");

function fold(folded) {
  find("#stream").toggleAttribute("data-folded", folded);
  find("#fold").setAttribute("aria-expanded", !folded);
  find("#fold").disabled = !phone.matches;
}

fold(phone.matches);
phone.addEventListener("change", () => fold(phone.matches));
find("#fold").addEventListener("click", () => fold(!find("#stream").hasAttribute("data-folded")));

// The clock of the people

function tick() {
  find("#clock").hidden = !time;
  if (!time) return;
  const seconds = time.seconds + ((performance.now() - time.received) / 1000) * time.speed;
  const minutes = Math.floor(seconds / 60);
  const two = (number) => String(number).padStart(2, "0");
  const clock = `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
  const speed = time.speed === 1 ? "" : ` · ${time.speed}× speed`;
  find("#clock").textContent = `Day ${Math.floor(minutes / 1440) + 1}, ${clock}${speed}`;
}

setInterval(tick, 250);

// The websocket

function connect() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/control/live`);
  socket.addEventListener("open", () => setConnected(true));
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    time = message.time && { ...message.time, received: performance.now() };
    panels = message.panels;
    find("#home-assistant").hidden = !message.home_assistant;
    find("#home-assistant").href = message.home_assistant ?? "";
    const before = layout;
    layout = layoutOf();
    if (layout !== before) build();
    else update();
    log.add(message.log);
    find("#newest").textContent = log.newest;
    tick();
  });
  socket.addEventListener("close", () => {
    setConnected(false);
    setTimeout(connect, 1000);
  });
}

function setConnected(connected) {
  const text = connected ? "Connected" : "The simulator is not running; trying again …";
  if (find("#connection").textContent !== text) find("#connection").textContent = text;
  document.body.dataset.connected = connected;
}

connect();
