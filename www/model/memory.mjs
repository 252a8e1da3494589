// Stores fields, subscriptions and theme for the next visit, in localStorage, if the user has chosen that. Never stores a
// password, nor a URL that contains one.

const KEY = "mqtt-lib";
const DELAY_MS = 200;
const SECRET = /:\/\/[^/]*@/;

/**
 * @param {HTMLInputElement} checkbox the checkbox
 * @param {Record<string, { read(): any, write(value: any): void }>} parts state that is not in a field
 */
export function createMemory(checkbox, parts) {
  const fields = () =>
    /** @type {any[]} */ ([
      ...document.querySelectorAll(
        "main input[id]:not([type=password]):not([type=search]):not([type=file]), main select[id]:not(#saved), main textarea[id]",
      ),
    ]).filter((one) => one !== checkbox);

  function save() {
    if (!checkbox.checked) return;
    const values = {};
    for (const one of fields()) {
      if (one.type === "checkbox") values[one.id] = one.checked;
      else if (!SECRET.test(one.value)) values[one.id] = one.value;
    }
    const more = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.read()]));
    try {
      localStorage.setItem(KEY, JSON.stringify({ fields: values, parts: more }));
    } catch {
      checkbox.checked = false; // this browser has no storage
    }
  }

  function restore() {
    const text = localStorage.getItem(KEY);
    if (text === null) return;
    const kept = JSON.parse(text);
    checkbox.checked = true;
    for (const one of fields()) {
      const value = kept.fields?.[one.id];
      if (value === undefined) continue;
      if (one.type === "checkbox") one.checked = value === true;
      else one.value = value;
      one.dispatchEvent(new Event("change", { bubbles: true }));
    }
    for (const [name, part] of Object.entries(parts)) {
      if (kept.parts?.[name] !== undefined) part.write(kept.parts[name]);
    }
  }

  let timer;
  function changed() {
    clearTimeout(timer);
    timer = setTimeout(save, DELAY_MS);
  }

  try {
    restore();
  } catch {
    localStorage.removeItem(KEY); // stored by another version, or a browser without storage
  }
  document.addEventListener("change", changed);
  document.addEventListener("input", changed);
  addEventListener("pagehide", save);
  checkbox.addEventListener("change", () => {
    if (!checkbox.checked) localStorage.removeItem(KEY);
  });
  return { changed };
}
