// What every page does: theme, clock, keys, halting and resuming.

import { clock } from "./format.js";
import { showDesk } from "./mode.js";

const byId = (id) => document.getElementById(id);

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
  document.dispatchEvent(new CustomEvent("theme"));
}

function open(id) {
  const dialog = byId(id);
  const answer = dialog.querySelector("[data-answer]");
  if (answer) answer.textContent = "";
  dialog.showModal();
  dialog.querySelector("textarea")?.focus();
}

async function send(form) {
  const answer = form.querySelector("[data-answer]");
  const button = form.querySelector("button:not([data-close])");
  button.disabled = true;
  answer.textContent = "Sending…";
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
    });
    const body = await response.json();
    answer.textContent = body.text;
    return response.ok ? body : null;
  } catch (error) {
    answer.textContent = `It did not get through (${error.message}). Try again, or run: manage.py halt`;
    return null;
  } finally {
    button.disabled = false;
  }
}

// A halt holds when it is answered; what only suspends an instrument waits for the governor, as a resume does.
async function halt(event) {
  event.preventDefault();
  const body = await send(event.target);
  if (!body) return;
  showDesk(body);
  const done = !body.command_id || (await follow(body.command_id, event.target.querySelector("[data-answer]"))) === "accepted";
  if (!done) return;
  event.target.reset();
  byId("halt-dialog").close();
}

async function resume(event) {
  event.preventDefault();
  const body = await send(event.target);
  if (body) await follow(body.command_id, event.target.querySelector("[data-answer]"));
}

// Asks until the governor has answered, and gives the answer: accepted, or refused with a code.
async function follow(commandId, answer) {
  for (let tries = 0; tries < 120; tries += 1) {
    const response = await fetch(`/commands/${encodeURIComponent(commandId)}/`, { headers: { Accept: "application/json" } });
    const body = await response.json();
    answer.textContent = body.text;
    if (body.result) {
      if (body.mode) showDesk(body);
      return body.result;
    }
    await new Promise((done) => setTimeout(done, 500));
  }
  return "";
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
  const actions = { "?": () => open("help-dialog"), h: () => open("halt-dialog"), t: switchTheme };
  const action = actions[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
}

byId("theme").addEventListener("click", switchTheme);
byId("help").addEventListener("click", () => open("help-dialog"));
for (const what of ["halt", "resume"]) {
  byId(what).addEventListener("click", (event) => {
    event.preventDefault();
    open(`${what}-dialog`);
  });
}
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
byId("halt-dialog").querySelector("form").addEventListener("submit", halt);
byId("resume-dialog").querySelector("form").addEventListener("submit", resume);
document.addEventListener("keydown", press);
document.addEventListener("desk", (event) => showDesk(event.detail));
const tick = () => (byId("clock").textContent = `${clock(Date.now(), 0)} UTC`);
tick();
setInterval(tick, 1000);
