// The messages on a panel's stream, newest first.

const MAX_ENTRIES = 200;
const ARROWS = { event: "→", command: "←", answer: "→" };

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export class Log {
  constructor(list, empty) {
    this.list = list;
    this.empty = empty;
    this.entries = new Map();
    this.panel = null;
  }

  show(panel) {
    this.panel = panel;
    this.list.replaceChildren(...this.#entriesOf(panel).map(line));
    this.#trim();
  }

  add(added) {
    for (const entry of added) {
      const entries = this.#entriesOf(entry.panel);
      entries.unshift(entry);
      entries.length = Math.min(entries.length, MAX_ENTRIES);
    }
    const shown = added.filter(({ panel }) => panel === this.panel).reverse();
    this.list.prepend(...shown.map(line));
    this.#trim();
  }

  clear() {
    this.entries.delete(this.panel);
    this.list.replaceChildren();
    this.#trim();
  }

  get newest() {
    return this.#entriesOf(this.panel)[0]?.topic ?? "";
  }

  #entriesOf(panel) {
    if (!this.entries.has(panel)) this.entries.set(panel, []);
    return this.entries.get(panel);
  }

  #trim() {
    while (this.list.children.length > MAX_ENTRIES) this.list.lastChild.remove();
    this.empty.hidden = this.list.children.length > 0;
  }
}

function line(entry) {
  const element = document.createElement("li");
  element.dataset.kind = entry.topic === "serverError" ? "rejected" : entry.kind;
  const where = [entry.door, entry.detail].filter(Boolean).join(" · ");
  element.append(
    part("arrow", ARROWS[entry.kind], entry.kind),
    part("topic", entry.topic ?? "(no topic)"),
    part("at", time.format(entry.at)),
    part("where", where),
  );
  return element;
}

function part(name, text, title) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  if (title) Object.assign(element, { title, role: "img", ariaLabel: title });
  return element;
}
