// Law 2 of the engine, checked: src/engine and src/codec are given the time and randomness, and never see JavaScript.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMain, main, ROOT } from "./run.mjs";

const FOLDERS = ["src/engine", "src/codec"];
const FORBIDDEN = [
  /\bwasm_bindgen\w*/,
  /\bweb_sys\b/,
  /\bjs_sys\b/,
  /\bserde_wasm_bindgen\b/,
  /\bgloo\w*/,
  /\bInstant\s*::\s*now\b/,
  /\bSystemTime\b/,
  /\bgetrandom\b/,
  /\brand\s*::/,
  /\bMath\s*(::|\.)\s*random\b/,
];

// What may hold marks that are not comments (raw string, string, character), or begins a comment, or one character.
const CODE = /\/\*|\/\/[^\n]*|r(#*)"[\s\S]*?"\1|"(?:\\[\s\S]|[^"\\])*"|'(?:\\.[^']*|[^'\\])'|[\s\S]/g;
const IN_COMMENT = /\/\*|\*\/|[\s\S]/g;

/** Leaves out comments (line, doc and nested block), keeps the line breaks and so the line numbers. */
export function withoutComments(source) {
  let code = "";
  let depth = 0;
  for (let at = 0; at < source.length; ) {
    const pattern = depth > 0 ? IN_COMMENT : CODE;
    pattern.lastIndex = at;
    const [text] = pattern.exec(source);
    at += text.length;
    if (text === "/*") depth += 1;
    else if (depth > 0 && text === "*/") depth -= 1;
    else if (depth > 0) code += text === "\n" ? text : "";
    else if (!text.startsWith("//")) code += text;
  }
  return code;
}

/** The offences of one file: [{ line, name }]. */
export function offences(source) {
  return withoutComments(source)
    .split("\n")
    .flatMap((text, i) =>
      FORBIDDEN.map((pattern) => text.match(pattern)?.[0])
        .filter(Boolean)
        .map((name) => ({ line: i + 1, name })),
    );
}

/** One test per Rust file. */
export function checkEngine() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const folder of FOLDERS) {
    const entries = existsSync(join(ROOT, folder))
      ? readdirSync(join(ROOT, folder), { recursive: true })
      : [];
    for (const entry of entries.filter((name) => name.endsWith(".rs"))) {
      const found = offences(readFileSync(join(ROOT, folder, entry), "utf8"));
      for (const { line, name } of found) {
        console.error(
          `${folder}/${entry}:${line}: names ${name}: the engine is given time, randomness and bytes, it never fetches them.`,
        );
      }
      counts[found.length === 0 ? "passed" : "failed"] += 1;
    }
  }
  console.log(`${counts.passed} of ${counts.passed + counts.failed} files are pure`);
  return counts;
}

if (isMain(import.meta.url)) {
  await main(() => {
    if (checkEngine().failed > 0) process.exitCode = 1;
  });
}
