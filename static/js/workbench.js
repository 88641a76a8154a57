/* What only the workbench does: draft and heartbeat, the lease's clock, sending again after a lost connection.
   Loaded before bench.js, whose event bench:laid it waits for. */
(() => {
  "use strict";
  const SAVE_AFTER = 1500; // ms of rest before a draft is saved
  const AGAIN_AFTER = 5_000;
  const HEARTBEAT = 60_000;
  const WARN_BELOW = 180; // seconds
  const RETRIES = [2, 4, 8, 15]; // seconds
  const offline = document.querySelector("[data-offline]");
  const said = document.querySelector("[data-said]");
  const count = document.querySelector("[data-count]");
  let laidAt = 0, deadline = 0, lastActive = 0, lastSaved = 0, saving = 0, retry = 0, tries = 0, isChanged = false;

  const bench = () => document.querySelector("[data-bench]");
  const problem = () => document.querySelector("[data-problem]");

  function tell(words) {
    const line = problem();
    if (!line) return;
    line.textContent = words;
    line.hidden = !words;
  }

  /* ---- what was chosen survives a reload of this window, even without a connection */

  const memory = {
    name: () => `bench:${bench().dataset.lease}`,
    keep() {
      const kept = [...new FormData(bench())].filter(([name]) => /^(answer|note)-/.test(name));
      try { sessionStorage.setItem(memory.name(), JSON.stringify(kept)); } catch { /* the server's draft remains */ }
    },
    restore() {
      let kept = null;
      try { kept = JSON.parse(sessionStorage.getItem(memory.name())); } catch { /* nothing was kept */ }
      for (const [name, value] of kept || []) {
        for (const field of bench().querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
          if (field.type === "radio") field.checked = field.value === value;
          else field.value = value;
        }
      }
    },
    forget(lease) { try { sessionStorage.removeItem(`bench:${lease}`); } catch { /* nothing was kept */ } },
  };

  /* ---- draft and heartbeat */

  async function save() {
    const form = bench();
    if (!form || form.inert) return;
    lastSaved = Date.now();
    isChanged = false;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form) });
      if (bench() !== form) return;
      if (answer.status === 409) tell((await answer.json()).problem);
      else if (answer.ok) deadline = Date.now() + (await answer.json()).seconds_left * 1000;
      if (answer.status >= 500) keepForLater("server");
      else if (!retry) show("");
    } catch { keepForLater("network"); }
  }

  /* The window keeps what was chosen; the next beat tries again, and soon. */
  function keepForLater(trouble) {
    isChanged = true;
    show(trouble);
    clearTimeout(saving);
    saving = setTimeout(save, AGAIN_AFTER);
  }

  function show(trouble) {
    offline.hidden = !trouble;
    for (const words of offline.querySelectorAll("[data-trouble]")) words.hidden = words.dataset.trouble !== trouble;
  }

  document.addEventListener("bench:laid", () => {
    laidAt = lastSaved = Date.now();
    isChanged = false;
    deadline = Date.now() + Number(bench().dataset.secondsLeft) * 1000;
    memory.restore();
  });
  for (const kind of ["change", "input"]) {
    document.addEventListener(kind, (event) => {
      if (!event.target.closest("[data-bench]")) return;
      isChanged = true;
      memory.keep();
      clearTimeout(saving);
      saving = setTimeout(save, SAVE_AFTER);
    });
  }
  for (const kind of ["keydown", "pointermove", "pointerdown", "scroll"]) {
    document.addEventListener(kind, () => { lastActive = Date.now(); }, { passive: true, capture: true });
  }

  /* ---- the clock */

  function tick() {
    const clock = document.querySelector("[data-clock]");
    if (!clock) return;
    const now = Date.now();
    const isActive = now - lastActive < HEARTBEAT;
    if (now - lastSaved > HEARTBEAT && (isActive || isChanged)) save();
    const left = Math.round((deadline - now) / 1000);
    clock.hidden = left >= WARN_BELOW;
    if (clock.hidden) return;
    const words = clock.firstElementChild;
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    words.textContent = left > 0 ? `${time} ${words.dataset.clockWords}` : words.dataset.clockOver;
  }
  setInterval(tick, 1000);

  /* ---- sending: once, and again after a lost connection, always with the same key */

  document.addEventListener("submit", (event) => {
    if (event.target !== bench()) return;
    clearTimeout(saving);
    event.target.querySelector("[name=took]").value = Date.now() - laidAt;
  }, true);

  const isSubmit = (event) => event.detail.elt === bench();

  document.addEventListener("htmx:beforeRequest", (event) => { if (isSubmit(event)) { tell(""); bench().inert = true; } });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "bench") return;
    const { xhr } = event.detail;
    const isBench = /data-bench|data-empty|data-told/.test(xhr.responseText);
    if (xhr.status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; }
    else if (xhr.status === 200 && !isBench) { event.detail.shouldSwap = false; location.reload(); } // logged out meanwhile
    if (!event.detail.shouldSwap || xhr.status !== 200 || !bench()) return;
    memory.forget(bench().dataset.lease);
    windows?.postMessage(bench().dataset.lease);
  });

  /* Another window of the same person has answered what lies here. */
  const windows = "BroadcastChannel" in globalThis ? new BroadcastChannel("bench") : null;
  windows?.addEventListener("message", (event) => {
    if (bench()?.dataset.lease === event.data && !bench().inert) tell(said.dataset.elsewhere);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "bench") return;
    online();
    const stored = event.detail.target.querySelector("[data-was-submitted]");
    if (!stored) return;
    count.textContent = Number(count.textContent) + Number(stored.dataset.wasSubmitted || 1);
    said.textContent = "";
    requestAnimationFrame(() => { said.textContent = said.dataset.nextItem; });
  });

  function online() { clearTimeout(retry); retry = tries = 0; show(""); }

  function again(trouble) {
    show(trouble);
    const wait = RETRIES[Math.min(tries++, RETRIES.length - 1)];
    clearTimeout(retry);
    retry = setTimeout(send, wait * 1000);
  }

  function send() { clearTimeout(retry); retry = 0; bench()?.requestSubmit(); }

  for (const kind of ["htmx:sendError", "htmx:timeout", "htmx:sendAbort"]) {
    document.addEventListener(kind, (event) => { if (isSubmit(event)) again("network"); });
  }
  document.addEventListener("htmx:responseError", (event) => {
    if (!isSubmit(event)) return;
    const { xhr } = event.detail;
    if (xhr.status >= 500 || xhr.status === 429) { again("server"); return; }
    bench().inert = false;
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    tell((page.querySelector(".trouble__problem") || page.querySelector("h1"))?.textContent.trim() || String(xhr.status));
  });
  addEventListener("online", () => { if (retry) send(); });
  addEventListener("offline", () => show("network"));
  addEventListener("online", () => { if (!retry) show(""); });
})();
