// Open rounds: what is proposed and how much mass has voted. Who voted how stays sealed until the round closes.

import { badge, el, keyed, setText } from "../dom.js";
import { percent, quantity } from "../format.js";
import { OUTCOME_LOOKS } from "./looks.js";

const SHOWN = 5;

function make(round) {
  return el(
    "li",
    { class: "round" },
    el("div", { class: "round-head" }, el("b", {}, round.instrument || "Without a vote"), el("span", { class: "faint small" }, round.track), el("span", { class: "state" })),
    el("ul", { class: "round-proposals" }),
  );
}

function makeProposal(proposal) {
  return el(
    "li",
    {},
    el("span", { class: "soft" }, `${proposal.author}: ${proposal.action} to ${quantity(proposal.target)}`),
    el("span", { class: "number small faint", data: { mass: "" } }),
    el("span", { class: "mass", role: "img" }, el("i", {})),
  );
}

function updateProposal(row, proposal, total) {
  const share = total ? Math.min(1, proposal.voted_ppm / total) : 0;
  row.querySelector(".mass i").style.width = `${share * 100}%`;
  const text = total ? `${percent(proposal.voted_ppm)} of ${percent(total)} has voted` : "no ballot counted yet";
  row.querySelector(".mass").setAttribute("aria-label", text);
  setText(row.querySelector("[data-mass]"), text);
}

function update(row, round) {
  const state = row.querySelector(".state");
  const label = round.outcome || "open";
  if (state.dataset.state !== label) {
    state.dataset.state = label;
    const look = OUTCOME_LOOKS[round.outcome] ?? { look: "accent", icon: "open" };
    state.replaceChildren(badge(look.look, look.icon, label));
  }
  row.classList.toggle("closed", Boolean(round.outcome));
  row.classList.toggle("uncounted", Boolean(round.outcome) && !round.proposals.some((proposal) => proposal.voted_ppm));
  keyed(
    row.querySelector(".round-proposals"),
    round.proposals,
    (proposal) => proposal.proposal_id,
    makeProposal,
    (child, proposal) => updateProposal(child, proposal, round.total_ppm),
  );
}

export function showRounds(root, store) {
  const rounds = [...store.rounds.values()].reverse().slice(0, SHOWN);
  root.querySelector(".empty").hidden = rounds.length > 0;
  setText(root.querySelector(".aside"), rounds.length ? `${rounds.filter((round) => !round.outcome).length} open` : "");
  keyed(root.querySelector(":scope > .body > ul"), rounds, (round) => round.deliberation_id, make, update);
}
