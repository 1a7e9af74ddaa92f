// Decisions, newest first: what was proposed, what came of it, and in plain words why each loser lost.

import { badge, el, icon, keyed, setText } from "../dom.js";
import { about, clock, price, quantity } from "../format.js";
import { ORDER_LOOKS, OUTCOME_LOOKS, WON } from "./looks.js";

const SHOWN = 60;

export class Decisions {
  constructor(root, words) {
    this.root = root;
    this.list = root.querySelector(".decisions");
    this.words = words;
    this.frozen = null;
    this.pause = root.querySelector("[data-pause]");
    this.pause.addEventListener("click", () => this.toggle());
  }

  toggle() {
    this.frozen = this.frozen ? null : this.current;
    this.pause.setAttribute("aria-pressed", String(Boolean(this.frozen)));
    this.onchange?.();
  }

  // j and k move between decisions, as in a list of mail.
  move(step) {
    const rows = [...this.list.querySelectorAll("summary")];
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))]?.focus();
  }

  show(store) {
    this.current = store.decisions.slice(0, SHOWN);
    const open = [...this.list.querySelectorAll("details[open]")].map((row) => row.dataset.key);
    const shown = this.frozen ?? this.current.concat(store.decisions.slice(SHOWN).filter((d) => open.includes(d.decision_id)));
    const top = shown[0]?.decision_id;
    const waiting = this.frozen ? store.decisions.findIndex((decision) => decision.decision_id === top) : 0;
    const fresh = this.frozen ? (waiting < 0 ? store.decisions.length : waiting) : 0;
    setText(this.pause, this.frozen ? (fresh ? `Go on (${fresh} new)` : "Go on") : "Pause");
    this.root.querySelector(".empty").hidden = shown.length > 0;
    keyed(
      this.list,
      shown,
      (decision) => decision.decision_id,
      (decision) => this.#make(decision),
      (row, decision) => this.#update(row, decision),
    );
  }

  #make(decision) {
    const look = OUTCOME_LOOKS[decision.outcome] ?? { look: "", icon: "help" };
    const row = el(
      "details",
      { class: `decision ${decision.outcome}` },
      el(
        "summary",
        {},
        el("time", {}, clock(decision.at)),
        badge(look.look, look.icon, decision.outcome, this.words.outcomes[decision.outcome]),
        el("b", { class: "instrument" }, decision.instrument),
        el("span", { class: "gist" }),
        icon("chevron"),
      ),
      el("div", { class: "story" }, el("p", { class: "empty" }, "Loading…")),
    );
    row.addEventListener("toggle", () => row.open && this.#load(row, decision.decision_id));
    return row;
  }

  #update(row, decision) {
    const version = decision.orders.map((order) => order.state + order.filled).join() + decision.proposals.length;
    if (row.dataset.version === version) return;
    row.dataset.version = version;
    row.querySelector(".gist").replaceChildren(...this.#orders(decision), ...this.#losers(decision));
    if (row.open) this.#load(row, decision.decision_id);
  }

  #orders(decision) {
    return decision.orders.map((order) => {
      const look = ORDER_LOOKS[order.state] ?? { look: "", icon: "help" };
      const done = order.state === "filled" || order.state === "partially_filled";
      const text = done
        ? `${order.side} ${quantity(order.filled)} at ${about(order.average)}`
        : `${order.side} ${quantity(order.quantity)}, limit ${price(order.limit)}`;
      const winners = decision.proposals.filter((proposal) => WON.has(proposal.state)).map((proposal) => proposal.agent);
      const who = winners.length ? `for ${[...new Set(winners)].join(", ")}` : "";
      const why = order.reason ? `: ${this.#reason(order.reason)}` : "";
      const state = this.words.states[order.state] ?? order.state;
      return el(
        "span",
        { class: "gist-line" },
        icon(order.side === "buy" ? "buy" : "sell"),
        el("span", { class: "number" }, text),
        el("span", { class: `badge ${look.look} tiny` }, icon(look.icon), state + why),
        el("span", { class: "faint small" }, who),
      );
    });
  }

  #losers(decision) {
    const lost = decision.proposals.filter((proposal) => !WON.has(proposal.state) || proposal.state === "REDUCED");
    return lost.map((proposal) => {
      const aim = proposal.target === undefined ? "" : ` ${proposal.action} to ${quantity(proposal.target)}`;
      const cut = proposal.state === "REDUCED" ? "cut: " : "";
      const why = cut + this.#because(proposal, decision);
      return el(
        "span",
        { class: "gist-line lost" },
        el("span", { class: "soft" }, `${proposal.agent || "a proposal"}${aim}`),
        el("span", { class: "faint", title: proposal.detail || proposal.why || "" }, ` – ${why}`),
      );
    });
  }

  // The same sentences as on the page of the decision.
  #because({ reason, state, by }, decision) {
    const code = reason || state;
    const { because, somebody } = this.words;
    if (because[`${code}:${by}`]) return because[`${code}:${by}`];
    if (!by || !because[code]) return this.#reason(code);
    const rival = decision.proposals.find((proposal) => proposal.proposal_id === by)?.agent;
    const named = rival ? `the proposal of ${rival}` : /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(by) ? somebody : by;
    return because[code].replace("{by}", named);
  }

  #reason(code) {
    return this.words.reasons[code] ?? this.words.states[code] ?? code;
  }

  async #load(row, id) {
    const story = row.querySelector(".story");
    try {
      const response = await fetch(`/decisions/${encodeURIComponent(id)}/?part=story`);
      if (!response.ok) throw new Error(response.status === 404 ? "the read models do not have it yet; open it again in a moment" : response.statusText);
      story.innerHTML = await response.text(); // written by our own templates, which escape what agents wrote
    } catch (error) {
      story.replaceChildren(el("p", { class: "empty" }, `The story cannot be shown: ${error.message}.`));
    }
  }
}
