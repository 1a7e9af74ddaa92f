// How many rows have come since the list was made; the list itself does not move under the reader.

const EVERY_MS = 3000;
const note = document.querySelector("[data-newer]");

async function ask() {
  if (document.hidden) return;
  try {
    const response = await fetch(note.dataset.newer, { signal: AbortSignal.timeout(5000) });
    if (response.redirected || !response.ok) throw new Error(response.redirected ? "you are logged out" : `error ${response.status}`);
    const { new: count, more } = await response.json();
    if (!count) {
      note.hidden = true;
      return;
    }
    const link = document.createElement("a");
    link.href = note.dataset.first;
    link.textContent = `${count}${more ? "+" : ""} new: show`;
    if (note.textContent !== link.textContent) note.replaceChildren(link);
  } catch (error) {
    note.textContent = `Whether there are new ones is not known: ${error.message}.`;
  }
  note.hidden = false;
}

if (note) setInterval(ask, EVERY_MS);
