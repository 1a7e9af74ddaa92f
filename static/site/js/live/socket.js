// The live connection: subscribes, follows, says how much was seen, and comes back by itself.

const SEEN_EVERY = 8;
const LONGEST_WAIT_MS = 8000;
const SILENT_MS = 4000;
const LOGGED_OUT = 4401;
const FORBIDDEN = 4403;
const TOO_SLOW = 4008;

export class Live {
  constructor(topics, book, { message, state }) {
    this.topics = topics;
    this.book = book;
    this.deliver = message;
    this.tell = state;
    this.after = null;
    this.tries = 0;
    this.lastAt = 0;
    setInterval(() => this.#watch(), 1000);
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.tell({ state: this.tries ? "reconnecting" : "connecting" });
    this.frames = 0;
    const socket = (this.socket = new WebSocket(`${scheme}://${location.host}/ws/live/`));
    socket.addEventListener("open", () => {
      const request = { subscribe: this.topics, book: this.book };
      if (this.after) request.after = this.after;
      socket.send(JSON.stringify(request));
    });
    socket.addEventListener("message", (event) => this.#received(socket, event.data));
    socket.addEventListener("close", (event) => this.#closed(socket, event));
  }

  #received(socket, text) {
    this.lastAt = Date.now();
    this.tries = 0;
    this.frames += 1;
    const message = JSON.parse(text);
    if (message.type === "event") this.after = { ...this.after, [message.log]: message.position };
    if (message.type === "snapshot") this.after = { ...message.positions, ...this.#later(message.positions) };
    this.deliver(message, this.lastAt);
    // Said only after the message was worked on, so that the server slows down for a slow page.
    if (this.frames % SEEN_EVERY === 0 && socket.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ seen: this.frames }));
    }
    this.tell({ state: "live" });
  }

  #later(positions) {
    const known = this.after ?? {};
    return Object.fromEntries(Object.entries(known).filter(([log, position]) => position > (positions[log] ?? 0)));
  }

  #closed(socket, event) {
    if (socket !== this.socket) return;
    if (event.code === LOGGED_OUT) {
      this.tell({ state: "logged-out", reason: event.reason || "You are logged out." });
      location.assign(`/admin/login/?next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    if (event.code === FORBIDDEN) {
      this.tell({ state: "refused", reason: event.reason || "Your rights have changed; load the page again." });
      return;
    }
    if (event.code === TOO_SLOW) this.after = null; // too far behind: begin again from a snapshot
    this.tries += 1;
    const wait = Math.min(LONGEST_WAIT_MS, 250 * 2 ** Math.min(this.tries, 6)) * (0.7 + 0.6 * Math.random());
    this.tell({ state: "lost", reason: event.reason, retryAt: Date.now() + wait });
    setTimeout(() => this.open(), wait);
  }

  // A connection that is open but silent is as bad as none: the server says something every second.
  #watch() {
    const open = this.socket?.readyState === WebSocket.OPEN;
    if (open && this.lastAt && Date.now() - this.lastAt > 3 * SILENT_MS) this.socket.close(4000, "silent");
    else if (open && this.lastAt && Date.now() - this.lastAt > SILENT_MS) this.tell({ state: "silent" });
  }
}
