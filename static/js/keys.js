/* Which key does what. A preset is remembered in this browser and printed on every badge. Loaded before bench.js. */
window.benchKeys = (() => {
  "use strict";
  const ALWAYS = {
    ArrowDown: "next", ArrowUp: "previous", Enter: "submit", " ": "skip", f: "flag", n: "note", h: "guidelines",
    l: "list", Backspace: "recent", ArrowLeft: "recent", "?": "keys",
  };
  /* `choose`: the key of each label; none of them is a, b, e (pairs), or a key of ALWAYS. */
  const PRESETS = {
    digits: { choose: "123456789", more: {} },
    left: { choose: "qwrsdtzxc", more: { g: "next", v: "submit" } },
    numpad: { choose: "123456789", more: { "+": "next", "-": "previous", 0: "skip", ".": "flag", "/": "recent", "*": "guidelines" } },
  };

  const stored = {
    get(name) { try { return localStorage.getItem(`bench.${name}`); } catch { return null; } },
    set(name, value) { try { localStorage.setItem(`bench.${name}`, value); } catch { /* for this page only */ } },
  };
  let name = stored.get("preset") in PRESETS ? stored.get("preset") : "digits";

  const preset = () => PRESETS[name];
  const extra = (act) => Object.keys(preset().more).find((key) => preset().more[key] === act) || "";

  /* The number pad's keys by their place, as they say something else where NumLock is off. */
  const PAD = { Add: "+", Subtract: "-", Decimal: ".", Divide: "/", Multiply: "*", Enter: "Enter" };

  return {
    stored,
    name: () => name,
    use(chosen) {
      if (!(chosen in PRESETS)) return;
      name = chosen;
      stored.set("preset", name);
    },
    read(event) {
      const place = name === "numpad" && event.code?.startsWith("Numpad") ? event.code.slice(6) : "";
      return /^[0-9]$/.test(place) ? place : PAD[place] || event.key;
    },
    /* Which label a key chooses, from 0; -1 for none. */
    label(key) { return key.length === 1 ? preset().choose.indexOf(key.toLowerCase()) : -1; },
    /* What else a key does. */
    act(key) { return preset().more[key] || ALWAYS[key] || ALWAYS[key.toLowerCase()]; },
    print(root) {
      for (const badge of root.querySelectorAll("[data-key-of]")) {
        const place = Number(badge.dataset.keyOf);
        if (place) badge.textContent = preset().choose[place - 1];
        else badge.textContent = extra(badge.dataset.keyOf) || (badge.dataset.usual ??= badge.textContent);
      }
      for (const badge of root.querySelectorAll("[data-extra-key]")) {
        badge.textContent = extra(badge.dataset.extraKey);
        badge.hidden = !badge.textContent;
      }
    },
  };
})();
