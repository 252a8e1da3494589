// A reporter for `node --test`: one line of JSON for each test, with its file, its name below those of its suites, and
// how it ended. `npm test` counts these lines and keeps them in target/tests/. It prints nothing for people.
import { relative, resolve } from "node:path";
import { ROOT } from "./run.mjs";

/** Tests that were ended by something other than themselves. */
const CANCELLED = new Set(["cancelledByParent", "testAborted", "testTimeoutFailure"]);

/** @typedef {{ file: string, name: string[], result: "passed" | "failed" | "cancelled" | "skipped" | "todo" }} Result */

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
    yield `${JSON.stringify({ file, name, result: resultOf(type, data) })}\n`;
  }
}

/** Counts the lines that the reporter has written. @param {string} text */
export function countResults(text) {
  /** @type {Result["result"][]} */
  const results = text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line).result);
  const number = (...wanted) => results.filter((result) => wanted.includes(result)).length;
  return {
    passed: number("passed"),
    failed: number("failed", "cancelled"),
    skipped: number("skipped", "todo"),
  };
}
