// Warnings on the console, for failures of which no callback, listener or promise tells.

/** @param {string} text @param {unknown} detail */
export function warn(text, detail) {
  try {
    // biome-ignore lint/suspicious/noConsole: a failure is never silent, and on_error is not set
    console.warn(text, detail);
  } catch {
    // Others are not to suffer from a console that throws.
  }
}
