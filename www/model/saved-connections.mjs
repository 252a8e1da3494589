// Connections that the user has saved in localStorage, by name. Never a password, nor a URL that contains one.

const KEY = "mqtt-lib connections";
const SECRET = /:\/\/[^/]*@/;

/** @typedef {{ fields: Record<string, string | boolean>, properties: Record<string, any> }} Saved */

/** @returns {Record<string, Saved>} */
function read() {
  try {
    const all = Object.entries(JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {});
    return Object.fromEntries(all.filter(([, one]) => one?.fields && one.properties));
  } catch {
    return {}; // stored by another version, or a browser without storage
  }
}

/** @param {Record<string, Saved>} all */
function write(all) {
  if (Object.keys(all).length === 0) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(all));
}

export const savedConnections = {
  /** @returns {string[]} */
  names: () => Object.keys(read()).sort(),
  /** @param {string} name */
  get: (name) => read()[name],
  /** @param {string} name @param {Saved} saved */
  set(name, { fields, properties }) {
    const kept = Object.entries(fields).filter(
      ([, value]) => typeof value === "boolean" || !SECRET.test(value),
    );
    write({ ...read(), [name]: { fields: Object.fromEntries(kept), properties } });
  },
  /** @param {string} name */
  remove(name) {
    const { [name]: _gone, ...others } = read();
    write(others);
  },
};
