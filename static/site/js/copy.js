// Buttons that copy what an address answers; they are shown only where the browser lets a page copy.

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const told = document.querySelector("[data-copied]");
    try {
      const response = await fetch(button.dataset.copy);
      if (!response.ok) throw new Error(`error ${response.status}`);
      await navigator.clipboard.writeText(await response.text());
      told.textContent = "Copied.";
    } catch (error) {
      told.textContent = `Not copied: ${error.message}.`;
    }
  });
}
