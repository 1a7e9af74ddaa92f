// Clocks that run down: `<time data-until datetime=…>` says how long is left, every second.

const left = (milliseconds) => {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds <= 0) return "now";
  const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let rest = seconds;
  const said = [];
  for (const [unit, size] of parts) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count || said.length) said.push(`${count} ${unit}`);
  }
  return `in ${said.slice(0, 2).join(" ")}`;
};

const tick = () => {
  for (const clock of document.querySelectorAll("time[data-until]")) {
    clock.textContent = left(Date.parse(clock.dateTime) - Date.now());
  }
};

if (document.querySelector("time[data-until]")) {
  tick();
  setInterval(tick, 1000);
}
