// The card of one door. It is built once and then updated, so that the focus stays.

const UNKNOWN = "unknown";
const RESULTS = {
  allowed: "Allowed",
  denied: "Denied",
  duress: "Allowed, under duress",
  unknown: "Unknown credential",
};

export class Card {
  constructor(door, { people, generation }, act) {
    const template = document.querySelector("#card").content;
    this.element = template.cloneNode(true).firstElementChild;
    this.act = act;
    this.door = door;
    this.requests = door.request?.count ?? 0;
    this.element.setAttribute("aria-label", door.name);
    this.element.dataset.kind = door.kind;
    this.element.dataset.icon = door.icon;
    const options = people.map(({ id, name }) => new Option(name, id));
    this.#of("person").append(...options, new Option("an unknown PIN", UNKNOWN));
    this.#hideMissingParts();
    this.element.querySelector('[value="duress"]').hidden = generation < 2;
    this.element.addEventListener("submit", (event) => this.#badge(event));
    for (const button of this.element.querySelectorAll("[data-act]")) {
      button.addEventListener("click", () => this.#press(button.dataset.act));
    }
  }

  update(door) {
    this.door = door;
    const { state } = door;
    this.#of("name").textContent = door.name;
    for (const flag of this.element.querySelectorAll("[data-flag]")) {
      const hadFocus = flag.contains(document.activeElement);
      flag.hidden = !state[flag.dataset.flag];
      if (hadFocus && flag.hidden) this.#button("force").focus();
    }
    this.element.dataset.relay = state.relay;
    this.element.dataset.dps = state.dps;
    this.element.dataset.alarm = state.forced || state.propped;
    this.#of("lock").textContent = this.#lock();
    this.#of("relay").textContent = `relay ${state.relay ? "on" : "off"}`;
    this.#of("position").textContent = this.#position();
    this.#updateRequest();
    const toggle = state.dps ? "Close" : "Open";
    this.#button("toggle").textContent = toggle;
    this.#button("toggle").ariaLabel = `${toggle} the door`;
  }

  // The last access request at this reader. A new one is marked for a moment.
  #updateRequest() {
    const { request } = this.door;
    const element = this.#of("request");
    element.hidden = !request;
    if (!request) return;
    element.dataset.result = request.result;
    element.textContent = [RESULTS[request.result], request.person].filter(Boolean).join(": ");
    if (request.count === this.requests) return;
    this.requests = request.count;
    this.element.dataset.result = request.result;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => delete this.element.dataset.result, 2500);
  }

  #of(name) {
    return this.element.querySelector(`[data-of="${name}"]`);
  }

  #button(act) {
    return this.element.querySelector(`[data-act="${act}"]`);
  }

  #lock() {
    const { relay } = this.door.state;
    if (this.door.kind === "output") return relay ? "On" : "Off";
    return relay ? "Unlocked" : "Locked";
  }

  #position() {
    if (this.door.reader_of) return `reader of ${this.door.reader_of}`;
    if (!this.door.dps) return "";
    return this.door.state.dps ? "door open" : "door closed";
  }

  #hideMissingParts() {
    const { kind, reader, dps, rex } = this.door;
    const part = (name) => this.element.querySelector(`[data-part="${name}"]`);
    part("reader").hidden = !reader;
    part("panel").hidden = kind === "reader";
    part("hand").hidden = kind !== "door" || !(dps || rex);
    this.#button("rex").hidden = !rex;
    for (const act of ["walk", "toggle", "force"]) this.#button(act).hidden = !dps;
    this.#button("clear").ariaLabel = "Clear alarm";
    if (kind === "output") {
      this.#button("dwell").textContent = "On for a moment";
      this.#button("hold").textContent = "Switch on";
      this.#button("lock").textContent = "Switch off";
    }
  }

  #badge(event) {
    event.preventDefault();
    const person = this.#of("person").value;
    const credential = person === UNKNOWN ? { pin: "0000000" } : { person: Number(person) };
    this.act(event.submitter?.value || "badge", { ...credential, walk: this.#of("walk").checked });
  }

  #press(act) {
    if (act === "toggle") this.act(this.door.state.dps ? "close" : "open");
    else this.act(act);
  }
}
