// The sampler of mutants of js/: one change of an operator, a literal or a statement in one place, then the bundles anew and
// the tests. Owns the changes and which tests are run; `mutants.mjs` chooses and counts.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "./run.mjs";

/** What every client downloads, and the sockets of Node. */
const FOLDERS = ["js", "js/node"];
/** Seconds; they see most of it. */
const FIRST = [
  "batch",
  "callbacks-that-throw",
  "connect-and-callbacks",
  "early-calls",
  "events",
  "handling",
  "handling-takers",
  "limits",
  "message-object",
  "payloads",
  "publish-qos",
  "queue",
  "stop",
  "subscribe",
  "a-trap-of-the-webassembly",
  "websocket-frames",
];
/** A part of a line, and what stands there instead. @type {[RegExp, string][]} */
const CHANGES = [
  [/ === /g, " !== "],
  [/ !== /g, " === "],
  [/ < /g, " <= "],
  [/ <= /g, " < "],
  [/ > /g, " >= "],
  [/ >= /g, " > "],
  [/ && /g, " || "],
  [/ \|\| /g, " && "],
  [/ \+ /g, " - "],
  [/ - /g, " + "],
  [/ \+= /g, " -= "],
  [/\btrue\b/g, "false"],
  [/\bfalse\b/g, "true"],
  [/\b0\b/g, "1"],
  [/\b1\b/g, "2"],
  [/if \((?=[^()]*\) )/g, "if (!("],
];

/** A seeded choice of `count`, in a random order. */
export function choose(all, count, seed) {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ one }) => one);
}

/** Every place in a file that can be changed: line, column, what stands there and what is to. */
export function places(name, text) {
  const found = [];
  let comment = false;
  for (const [at, line] of text.split("\n").entries()) {
    const begins = /^\s*\/\*/.test(line);
    if (begins) comment = true;
    const skipped = comment || /^\s*(\/\/|\*|import|export \{)/.test(line);
    if (comment && line.includes("*/")) comment = false;
    if (skipped) continue;
    const code = line.replace(/\/\*\*?.*?\*\//g, (part) => " ".repeat(part.length)).replace(/\/\/ .*/, "");
    const bare = code.replace(/(["'`])(?:\\.|(?!\1).)*\1/g, (part) => "\u0001".repeat(part.length));
    for (const [pattern, instead] of CHANGES) {
      for (const match of bare.matchAll(pattern)) {
        if (instead === "if (!(") {
          const end = bare.indexOf(")", match.index);
          found.push({
            name,
            at,
            from: match.index,
            to: end + 1,
            text: `if (!${line.slice(match.index + 3, end + 1)})`,
          });
        } else {
          found.push({ name, at, from: match.index, to: match.index + match[0].length, text: instead });
        }
      }
    }
    // A call whose result nobody uses.
    if (/^\s+(this\.#?\w+|\w+)(\.[#\w]+)*\([^(){}]*\);$/.test(bare)) {
      found.push({ name, at, from: 0, to: line.length, text: "" });
    }
  }
  return found;
}

/** The file with this change. */
export function changed(text, { at, from, to, text: instead }) {
  const lines = text.split("\n");
  lines[at] = lines[at].slice(0, from) + instead + lines[at].slice(to);
  return lines.join("\n");
}

const passes = async (files) => {
  const args = ["--test", "--test-timeout=60000", "--test-concurrency=4", ...files];
  return (await run(process.execPath, args, { capture: true })).code === 0;
};

/** What became of one change. @returns {Promise<"caught" | "missed" | "unviable">} */
async function judge(place) {
  const path = join(ROOT, place.name);
  const before = readFileSync(path, "utf8");
  writeFileSync(path, changed(before, place));
  try {
    const built = await run(process.execPath, ["scripts/build.mjs"], { capture: true });
    if (built.code !== 0) return "unviable";
    const all = readdirSync(join(ROOT, "tests", "node")).filter((name) => name.endsWith(".test.mjs"));
    const first = FIRST.map((name) => `${name}.test.mjs`);
    const paths = (names) => names.map((name) => join("tests", "node", name));
    if (!(await passes(paths(first)))) return "caught";
    return (await passes(paths(all.filter((name) => !first.includes(name))))) ? "missed" : "caught";
  } finally {
    writeFileSync(path, before);
  }
}

/** Changes `count` places, one after the other. */
export async function sampleOfJs(count, seed) {
  const names = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith(".mjs"))
      .map((name) => `${folder}/${name}`),
  );
  const all = names.flatMap((name) => places(name, readFileSync(join(ROOT, name), "utf8")));
  console.log(`${count} of ${all.length} changes of js/, seed ${seed}`);
  const found = { caught: [], missed: [], timeout: [], unviable: [] };
  for (const place of choose(all, count, seed)) {
    const lines = readFileSync(join(ROOT, place.name), "utf8").split("\n");
    const was = lines[place.at].slice(place.from, place.to).trim();
    const shown = `${place.name}:${place.at + 1}: ${was} becomes ${place.text.trim() || "nothing"}`;
    const fate = await judge(place);
    found[fate].push(shown);
    console.log(`${fate}: ${shown}`);
  }
  await run(process.execPath, ["scripts/build.mjs"], { capture: true });
  return found;
}
