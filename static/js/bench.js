/* Keys, criteria and the drawer: shared by the workbench, by changing an answer and by adjudication.
   Everything hangs on data- attributes and everything is a plain form without this file. */
(() => {
  "use strict";
  const FLASH = 140; // ms in which a choice is seen before the next criterion is marked
  const root = document.documentElement;
  const dialog = document.querySelector("[data-drawer-dialog]");
  const said = document.querySelector("[data-said]");
  let current = 0;
  let advancing = 0;

  const setting = {
    isOn: (name, usual = "on") => (benchKeys.stored.get(name) || usual) === "on",
    set: (name, isOn) => benchKeys.stored.set(name, isOn ? "on" : "off"),
    usual: (box) => ("off" in box.dataset ? "off" : "on"),
  };

  const bench = () => document.querySelector("[data-bench]");
  const criteria = () => [...document.querySelectorAll("[data-bench] [data-criterion]")];
  const chosen = (criterion) => criterion.querySelector("input[type=radio]:checked");
  const note = (criterion) => criterion.querySelector("[data-note]");

  function isOpen(criterion) {
    const pick = chosen(criterion);
    return !pick || ("flag" in pick.dataset && !note(criterion).value.trim());
  }

  /* ---- rows: the items of a list; one item alone is one row */

  const isList = () => Boolean(document.querySelector("[data-bench] [data-row]"));
  const rows = () => (isList() ? [...document.querySelectorAll("[data-bench] [data-row]")] : [bench()]);
  const criteriaOf = (row) => [...row.querySelectorAll("[data-criterion]")];
  const isComplete = (row) => { const all = criteriaOf(row); return all.length > 0 && !all.some(isOpen); };
  const isUntouched = (row) => criteriaOf(row).every((each) => !chosen(each) && !note(each).value.trim());

  /* What keeps the form from leaving: an open criterion; in a list only one of a row that was begun, or of the first
     row where none is complete. -1 where it may leave. */
  function missing() {
    const all = criteria();
    const begun = rows().find((row) => !isComplete(row) && !(isList() && isUntouched(row)));
    if (begun) return all.indexOf(criteriaOf(begun).find(isOpen));
    return rows().some(isComplete) ? -1 : all.findIndex(isOpen);
  }

  function say(words) { if (said) said.textContent = words || ""; }

  /* ---- the marked criterion */

  function mark(index, { focus = true } = {}) {
    const all = criteria();
    if (!all.length) return;
    current = (index + all.length) % all.length;
    all.forEach((each, position) => each.toggleAttribute("data-current", position === current));
    if (focus) (chosen(all[current]) || all[current].querySelector("input[type=radio]")).focus();
    explain(all[current]);
  }

  function explain(criterion) {
    const strip = document.querySelector("[data-strip]");
    if (!strip) return;
    const guidance = criterion.querySelector("[data-guidance]");
    const isMany = criterion.closest(".criteria--many");
    const parts = [guidance.textContent.trim()];
    if (isList()) parts.unshift(criterion.querySelector(".criterion-ask__question").textContent.trim());
    if (isMany) for (const option of criterion.querySelectorAll(".option__words")) parts.push(option.textContent.trim());
    strip.replaceChildren(...parts.filter(Boolean).map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    strip.lang = guidance.lang;
    strip.hidden = !strip.firstChild;
  }

  function advance(from) {
    const all = criteria();
    const order = all.map((_, step) => (from + 1 + step) % all.length);
    const next = order.find((position) => isOpen(all[position]));
    if (next !== undefined) mark(next);
    else mark(from);
  }

  function refresh() {
    const all = criteria();
    for (const each of all) {
      const pick = chosen(each);
      each.dataset.answer = !pick ? "" : "skip" in pick.dataset ? "skip" : "flag" in pick.dataset ? "flag" : "label";
    }
    bench().toggleAttribute("data-complete", all.length > 0 && missing() < 0);
    if (isList()) countRows();
  }

  function countRows() {
    const done = rows().map((row) => { const is = isComplete(row); row.toggleAttribute("data-done", is); return is; });
    const told = document.querySelector("[data-answered]");
    told.hidden = false;
    told.textContent = `· ${done.filter(Boolean).length} / ${done.length} ${said?.dataset.rows || ""}`;
  }

  function openNote(criterion) {
    const label = criterion.querySelector(".criterion-ask__note");
    label.setAttribute("data-open", "");
    note(criterion).focus();
  }

  document.addEventListener("change", (event) => {
    const criterion = event.target.closest("[data-criterion]");
    if (!criterion || !bench()) return;
    refresh();
    if (event.target.type !== "radio") return;
    const index = criteria().indexOf(criterion);
    mark(index, { focus: false });
    clearTimeout(advancing);
    if ("skip" in event.target.dataset || "flag" in event.target.dataset) {
      openNote(criterion);
      if ("flag" in event.target.dataset) say(said?.dataset.flagWhy);
    } else if (setting.isOn("send", "off") && !isList() && missing() < 0) {
      advancing = setTimeout(submit, FLASH);
    } else if (setting.isOn("advance")) {
      advancing = setTimeout(() => advance(index), FLASH);
    }
  });
  document.addEventListener("input", (event) => { if (event.target.matches("[data-bench] [data-note]")) refresh(); });
  document.addEventListener("focusin", (event) => {
    const index = criteria().indexOf(event.target.closest("[data-criterion]"));
    if (index >= 0 && index !== current) mark(index, { focus: false });
  });

  function choose(input) {
    if (!input) return;
    input.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function skipRest() {
    const row = criteria()[current].closest("[data-row]") || bench();
    for (const each of criteriaOf(row).filter(isOpen)) each.querySelector("[data-skip]").checked = true;
    refresh();
    mark(current);
  }

  /* ---- submit: only what is complete leaves; the first open criterion is marked instead */

  document.addEventListener("submit", (event) => {
    if (event.target !== bench() || "anyway" in (event.submitter?.dataset || {})) return;
    const open = missing();
    if (open < 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    mark(open);
    if (criteria()[open].dataset.answer === "flag") { openNote(criteria()[open]); say(said?.dataset.flagWhy); }
    else say(said?.dataset.incomplete);
    criteria()[open].setAttribute("data-missing", "");
    setTimeout(() => criteria()[open]?.removeAttribute("data-missing"), 1200);
  }, true);

  function submit() { clearTimeout(advancing); bench().requestSubmit(bench().querySelector("[data-submit]")); }

  /* ---- keys */

  const isText = (target) => target.matches?.("textarea, select, input:not([type=radio], [type=checkbox], [type=hidden])");

  function keyInText(event) {
    const index = criteria().indexOf(event.target.closest("[data-criterion]"));
    if (event.key === "Escape") { event.preventDefault(); mark(index < 0 ? current : index); }
    else if (event.key === "Enter" && event.target.matches("[data-note]")) {
      event.preventDefault();
      refresh();
      advance(index);
    }
  }

  const ACTS = {
    next: () => mark(current + 1),
    previous: () => mark(current - 1),
    submit,
    skip: (event) => (event.shiftKey ? skipRest() : choose(criteria()[current].querySelector("[data-skip]"))),
    flag: () => choose(criteria()[current].querySelector("[data-flag]")),
    note: () => openNote(criteria()[current]),
    list: () => document.querySelector("[data-lists-toggle]")?.click(),
    guidelines: () => press("guidelines"),
    recent: () => press("recent"),
    keys: () => press("keys"),
  };

  function choiceOf(key) {
    const options = [...criteria()[current].querySelectorAll("[data-option]")];
    return options[benchKeys.label(key)] || options.find((option) => option.dataset.letter === key.toUpperCase());
  }

  document.addEventListener("keydown", (event) => {
    if (!bench() || bench().inert || dialog?.open || event.isComposing || event.defaultPrevented) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); submit(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isText(event.target)) { keyInText(event); return; }
    if (!setting.isOn("keys") || !criteria().length) return;
    if (event.target.closest("button, a, summary") && (event.key === "Enter" || event.key === " ")) return;
    const key = benchKeys.read(event);
    const option = choiceOf(key);
    const act = option ? () => choose(option) : ACTS[benchKeys.act(key)];
    if (!act || (event.repeat && !event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    act(event);
  });

  /* ---- the drawer: guidelines, last answers, keys */

  function press(kind) { document.querySelector(`[data-drawer="${kind}"]`)?.click(); }

  async function contents(opener) {
    if (opener.dataset.drawer === "keys") return [document.querySelector("[data-keys-help]").content.cloneNode(true)];
    const answer = await fetch(opener.href, { headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return opener.dataset.drawerSelect ? [...page.querySelectorAll(opener.dataset.drawerSelect)] : [...page.body.children];
  }

  async function openDrawer(opener) {
    const body = dialog.querySelector("[data-drawer-body]");
    try { body.replaceChildren(...await contents(opener)); }
    catch { if (opener.href) location.assign(opener.href); return; }
    dialog.querySelector("[data-drawer-heading]").textContent = opener.dataset.drawerTitle;
    for (const box of body.querySelectorAll("[data-setting]")) box.checked = setting.isOn(box.dataset.setting, setting.usual(box));
    for (const box of body.querySelectorAll("[data-preset]")) box.value = benchKeys.name();
    benchKeys.print(body);
    dialog.showModal();
    const first = body.querySelector(".recent a");
    if (first) first.focus();
    if (opener.dataset.drawer === "guidelines") showCriterion(body);
  }

  function showCriterion(body) {
    const name = criteria()[current]?.querySelector(".criterion-ask__title").textContent;
    const heading = [...body.querySelectorAll("h2")].find((each) => each.textContent === name);
    if (heading) body.scrollTop = heading.offsetTop - 12;
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-drawer]");
    if (!opener || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openDrawer(opener);
  });
  dialog?.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog?.addEventListener("change", (event) => {
    if (event.target.dataset.setting) setting.set(event.target.dataset.setting, event.target.checked);
    if (!("preset" in event.target.dataset)) return;
    benchKeys.use(event.target.value);
    benchKeys.print(document);
  });

  /* ---- start, and start again on what a submit brought */

  function start() {
    root.setAttribute("data-bench-live", "");
    for (const opener of document.querySelectorAll("[data-drawer][hidden]")) opener.hidden = false;
    if (!bench()) return;
    document.dispatchEvent(new CustomEvent("bench:laid"));
    benchKeys.print(bench());
    refresh();
    const open = criteria().findIndex(isOpen);
    mark(Math.max(open, 0));
  }

  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target.id === "bench") start(); });
  start();
})();
