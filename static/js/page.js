/* What every page shares. Hung on data- attributes; everything works without it. */
(() => {
  "use strict";
  const root = document.documentElement;
  const ORDER = ["auto", "light", "dark"];

  function remember(theme) {
    try {
      if (theme === "auto") localStorage.removeItem("theme");
      else localStorage.setItem("theme", theme);
    } catch { /* the choice then lasts for this page */ }
  }

  function show(button, theme) {
    button.querySelector("[data-theme-name]").textContent = button.dataset[theme];
    button.hidden = false;
  }

  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    show(button, root.dataset.theme || "auto");
    button.addEventListener("click", () => {
      const next = ORDER[(ORDER.indexOf(root.dataset.theme || "auto") + 1) % ORDER.length];
      if (next === "auto") delete root.dataset.theme;
      else root.dataset.theme = next;
      remember(next);
      show(button, next);
    });
  }

  // On a narrow screen the lines of pages scroll: show the present one.
  // Not scrollIntoView: Chromium would begin there with the Tab key.
  for (const present of document.querySelectorAll(".site-nav [aria-current]")) {
    const bar = present.closest("ul");
    bar.scrollLeft = present.offsetLeft - bar.offsetLeft - (bar.clientWidth - present.offsetWidth) / 2;
  }

  // A form that was sent once waits for its answer; the same click twice is one request.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("data-send-again")) return;
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "1";
    const button = form.querySelector("button[data-busy]");
    if (button) button.textContent = button.dataset.busy;
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // Filters apply as soon as a choice is made; the button stays for keyboards without scripts.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-apply-on-change]");
    if (form && event.target.matches("select")) form.requestSubmit();
  });

  // The demo's public logins fill the form.
  for (const button of document.querySelectorAll("[data-fill-username]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      document.getElementById("id_username").value = button.dataset.fillUsername;
      document.getElementById("id_password").value = button.dataset.fillPassword;
      document.querySelector("[data-fill-target]").focus();
    });
  }
})();
