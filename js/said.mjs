// What was thrown, in words, whatever it is.

/** @param {any} thrown */
export function said(thrown) {
  try {
    return `${thrown?.message ?? thrown}`;
  } catch {
    return "what cannot be shown";
  }
}
