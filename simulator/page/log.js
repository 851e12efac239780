// What was said on a panel's stream, newest first.

const MOST = 200;
const ARROWS = { event: "→", command: "←", answer: "→" };
const SAID = { event: "event", command: "command", answer: "answer" };

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export class Log {
  constructor(list, nothing) {
    this.list = list;
    this.nothing = nothing;
    this.lines = new Map();
    this.panel = null;
  }

  show(panel) {
    this.panel = panel;
    this.list.replaceChildren(...this.#kept(panel).map(line));
    this.#tidy();
  }

  add(happenings) {
    for (const one of happenings) {
      const kept = this.#kept(one.panel);
      kept.unshift(one);
      kept.length = Math.min(kept.length, MOST);
    }
    const fresh = happenings.filter(({ panel }) => panel === this.panel).reverse();
    this.list.prepend(...fresh.map(line));
    this.#tidy();
  }

  clear() {
    this.lines.delete(this.panel);
    this.list.replaceChildren();
    this.#tidy();
  }

  #kept(panel) {
    if (!this.lines.has(panel)) this.lines.set(panel, []);
    return this.lines.get(panel);
  }

  #tidy() {
    while (this.list.children.length > MOST) this.list.lastChild.remove();
    this.nothing.hidden = this.list.children.length > 0;
  }
}

function line(one) {
  const element = document.createElement("li");
  element.dataset.kind = one.topic === "serverError" ? "refused" : one.kind;
  const where = [one.door, one.detail].filter(Boolean).join(" · ");
  element.append(
    part("arrow", ARROWS[one.kind], SAID[one.kind]),
    part("topic", one.topic ?? "(no topic)"),
    part("at", time.format(one.at)),
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
