// A reporter for `node --test`: one line of JSON for each test, with its file, its name below those of its suites, how it
// ended and how long it took. `npm test` counts these lines and keeps them in target/tests/. Prints nothing for people.
import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { ROOT } from "./run.mjs";

/** Tests that were ended by something other than themselves. */
const CANCELLED = new Set(["cancelledByParent", "testAborted", "testTimeoutFailure"]);

/** @typedef {{ file: string, name: string[], result: "passed" | "failed" | "cancelled" | "skipped" | "todo", seconds: number }} Result */

function resultOf(type, { name, file, skip, todo, details }) {
  if (skip !== undefined) return "skipped";
  if (todo !== undefined) return "todo";
  // Node reports a file that has no test as a test of the file's name that has passed.
  if (type === "test:pass") return resolve(name) === file ? "failed" : "passed";
  return CANCELLED.has(details.error?.failureType) ? "cancelled" : "failed";
}

/** Suites are not counted, only the tests in them. */
export default async function* testReporter(source) {
  /** Names of the test that was started last and of the suites around it. */
  let path = [];
  for await (const { type, data } of source) {
    if (type === "test:start") path = [...path.slice(0, data.nesting), data.name];
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details?.type === "suite") continue;
    const name = [...path.slice(0, data.nesting), data.name];
    const file = data.file === undefined ? "" : relative(ROOT, data.file);
    const seconds = Math.round(data.details.duration_ms) / 1000;
    yield `${JSON.stringify({ file, name, result: resultOf(type, data), seconds })}\n`;
  }
}

/** What the reporter has written to a file; nothing if there is none. @param {string} path @returns {Result[]} */
export function readResults(path) {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/** @param {Result[]} results */
export function countResults(results) {
  const number = (...wanted) => results.filter(({ result }) => wanted.includes(result)).length;
  return {
    passed: number("passed"),
    failed: number("failed", "cancelled"),
    skipped: number("skipped", "todo"),
  };
}
