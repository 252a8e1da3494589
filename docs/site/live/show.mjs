// Values as Node's `console.log` shows them, as far as examples need it.

/** @param {unknown} value @param {boolean} inside another value */
export function show(value, inside = false) {
  if (typeof value === "string") return inside ? `'${value}'` : value;
  if (value instanceof Error) return String(value);
  if (value instanceof Uint8Array) return `Uint8Array(${value.length}) ${list("[", Array.from(value, String), "]")}`;
  if (Array.isArray(value))
    return list(
      "[",
      value.map((one) => show(one, true)),
      "]",
    );
  if (typeof value !== "object" || value === null) return String(value);
  return list(
    "{",
    Object.entries(value).map(([key, one]) => `${key}: ${show(one, true)}`),
    "}",
  );
}

/** @param {string} open @param {string[]} parts @param {string} close */
const list = (open, parts, close) => (parts.length === 0 ? open + close : `${open} ${parts.join(", ")} ${close}`);
