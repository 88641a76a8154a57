/* The slider of the page Risk: the table behind the chart holds all there is to show. Without this the button sends it. */
(() => {
  "use strict";
  const page = document.querySelector("[data-foreseen]");
  const slider = page && page.querySelector("[data-slider] input[type=range]");
  if (!slider) return;
  const rows = new Map([...page.querySelectorAll("tr[data-target]")].map((row) => [Number(row.dataset.target), row]));
  const rule = page.querySelector("#chart-targets > svg .chart__rule--b");

  function show() {
    const row = rows.get(Number(slider.value));
    if (!row) return;
    for (const cell of row.querySelectorAll("[data-cell]")) {
      const shown = page.querySelector(`[data-shown="${cell.dataset.cell}"]`);
      if (shown) shown.textContent = cell.textContent;
    }
    slider.setAttribute("aria-valuetext", row.querySelector("[data-cell=target]").textContent);
    if (rule) rule.setAttribute("d", rule.getAttribute("d").replace(/^M[\d.]+/, `M${row.dataset.x}`));
  }

  slider.addEventListener("input", show);
  show();
})();
