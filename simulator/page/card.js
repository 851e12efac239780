// One door: built once, then only what changed is touched, so that focus stays.

const UNKNOWN = "unknown";

export class Card {
  constructor(door, people, act) {
    const template = document.querySelector("#card").content;
    this.element = template.cloneNode(true).firstElementChild;
    this.act = act;
    this.door = door;
    this.#of("name").textContent = door.name;
    this.element.setAttribute("aria-label", door.name);
    this.element.dataset.kind = door.kind;
    this.element.dataset.icon = door.icon;
    this.#choosePeople(people);
    this.#chooseParts();
    this.element.addEventListener("submit", (event) => this.#badge(event));
    for (const button of this.element.querySelectorAll("[data-act]")) {
      button.addEventListener("click", () => this.#press(button.dataset.act));
    }
  }

  update(door) {
    this.door = door;
    const { live } = door;
    this.#of("name").textContent = door.name;
    for (const flag of this.element.querySelectorAll("[data-flag]")) {
      const hadFocus = flag.contains(document.activeElement);
      flag.hidden = !live[flag.dataset.flag];
      if (hadFocus && flag.hidden) this.#button("force").focus();
    }
    this.element.dataset.relay = live.relay;
    this.element.dataset.dps = live.dps;
    this.element.dataset.alarm = live.forced || live.propped;
    this.#of("lock").textContent = this.#lock();
    this.#of("relay").textContent = `relay ${live.relay ? "on" : "off"}`;
    this.#of("position").textContent = this.#position();
    const toggle = live.dps ? "Close" : "Open";
    this.#button("toggle").textContent = toggle;
    this.#button("toggle").ariaLabel = `${toggle} the door`;
  }

  #of(name) {
    return this.element.querySelector(`[data-of="${name}"]`);
  }

  #button(act) {
    return this.element.querySelector(`[data-act="${act}"]`);
  }

  #lock() {
    const { relay } = this.door.live;
    if (this.door.kind === "output") return relay ? "On" : "Off";
    return relay ? "Unlocked" : "Locked";
  }

  #position() {
    if (this.door.of) return `reader of ${this.door.of}`;
    if (!this.door.dps) return "";
    return this.door.live.dps ? "door open" : "door closed";
  }

  #choosePeople(people) {
    const options = people.map(({ id, name }) => new Option(name, id));
    this.#of("person").append(...options, new Option("an unknown PIN", UNKNOWN));
  }

  // What there is no sensor for is not offered: a fan has nothing to walk
  // through, and a second reader nothing but itself.
  #chooseParts() {
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
    this.act("badge", { ...credential, walk: this.#of("walk").checked });
  }

  #press(act) {
    if (act === "toggle") this.act(this.door.live.dps ? "close" : "open");
    else this.act(act);
  }
}
