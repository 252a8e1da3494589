// The errors of wrong arguments, with the codes that the client has for them.

/** A wrong argument. @param {string} text */
export const wrong = (text) => Object.assign(new TypeError(text), { code: "INVALID_OPTION" });

/** A value that cannot be sent. @param {string} text */
export const unsendable = (text) => Object.assign(new TypeError(text), { code: "INVALID_PAYLOAD" });

/** @param {unknown} value */
export function shown(value) {
  if (typeof value === "bigint") return `${value}`;
  try {
    return (JSON.stringify(value) ?? typeof value).slice(0, 60);
  } catch {
    return typeof value;
  }
}
