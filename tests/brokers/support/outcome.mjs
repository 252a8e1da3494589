// The bounds of the matrix, and the two ways in which an operation can fail. Knows no broker and no client.

/** A call that a broker refuses, forbids or answers by closing the connection has settled after so many seconds. */
export const BOUND = 60;
/** So many connections may the refusal of one call cost. */
export const REFUSED_CONNECTIONS = 6;
/** What works at all has happened after so many seconds. */
export const LIMIT = 30;

/** The client did something wrong, whatever the broker can do: it hung, lost an innocent message, connected too often. */
export class Failed extends Error {}

/** What was asked for did not happen, but the client behaved. Whether the broker cannot do it is another question. */
export class NotDone extends Error {}

export const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** How the promise settles: `{ value }` or `{ error }`; `undefined` if it has not settled after so many seconds. */
export async function settled(promise, seconds) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  const result = await Promise.race([
    promise.then(
      (value) => ({ value }),
      (error) => ({ error }),
    ),
    late,
  ]);
  clearTimeout(timer);
  return result;
}

/** Waits for a condition; false if it does not hold after so many seconds. */
export async function holds(condition, seconds) {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > end) return false;
    await pause(0.01);
  }
  return true;
}

/** An error in a few words, for a table. */
export function brief(error) {
  const text = String(error?.message ?? error)
    .split("\n")[0]
    .slice(0, 200);
  return error?.code && !text.includes(error.code) ? `${error.code}: ${text}` : text;
}
