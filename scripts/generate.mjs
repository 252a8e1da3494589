// `npm run generate`: writes every file and marked section that is made from schema/*.json; with --check it writes
// nothing and fails if one of them is stale. The modules of scripts/generate/ say what is written: each exports
// `outputs(schema)`, a list of
//   { path, text }             a whole file; its first line says that it is generated, and by what
//   { path, section, text }    the lines between `BEGIN GENERATED section` and `END GENERATED section` in a file
//                              that is otherwise written by hand; indented like the line of BEGIN
// `schema` has the parsed content of each schema/NAME.json under its name in camelCase (reason-codes.json is
// `schema.reasonCodes`).
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, isMain, main, ROOT } from "./run.mjs";

const COMMAND = "npm run generate";

export function readSchema(root = ROOT) {
  const folder = join(root, "schema");
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(names.map((name) => [key(name), parsed(join("schema", name), root)]));
}

const key = (name) => name.slice(0, -".json".length).replace(/-(.)/g, (_all, letter) => letter.toUpperCase());

function parsed(name, root) {
  try {
    return JSON.parse(readFileSync(join(root, name), "utf8"));
  } catch (error) {
    throw new Failure(`${name} is not JSON: ${error.message}.`);
  }
}

/** The outputs of all modules of scripts/generate/. */
export async function allOutputs(schema) {
  const folder = join(ROOT, "scripts", "generate");
  const names = readdirSync(folder).filter((name) => name.endsWith(".mjs") && !name.endsWith(".test.mjs"));
  const lists = [];
  for (const name of names.sort()) {
    const { outputs } = await import(pathToFileURL(join(folder, name)).href);
    lists.push(outputs(schema));
  }
  return lists.flat();
}

/** What each file has to contain, by its path. `read(path)` gives its text now, or undefined if there is none. */
export function contents(outputs, read) {
  const files = new Map();
  for (const { path, section, text } of outputs) {
    if (section === undefined) {
      if (files.has(path)) throw new Failure(`${path} is generated twice.`);
      files.set(path, text);
      continue;
    }
    const before = files.get(path) ?? read(path);
    if (before === undefined) {
      throw new Failure(`${path} does not exist; its section "${section}" is generated, the rest is not.`);
    }
    files.set(path, withSection(before, path, section, text));
  }
  return files;
}

/** The file with other lines in one of its sections. */
export function withSection(file, path, section, text) {
  const lines = file.split("\n");
  const [begin, end] = ["BEGIN", "END"].map((word) => {
    const mark = `${word} GENERATED ${section}`;
    const line = new RegExp(`^\\s*(//+|#|<!--|/\\*) ${mark}( -->| \\*/)?$`);
    const found = lines.flatMap((text, i) => (line.test(text) ? [i] : []));
    if (found.length !== 1) {
      throw new Failure(`${path} must have one comment line "${mark}"; it has ${found.length}.`);
    }
    return found[0];
  });
  if (end < begin) throw new Failure(`${path}: the section "${section}" ends before it begins.`);
  const indent = lines[begin].match(/^\s*/)[0];
  const indented = text.split("\n").map((line) => (line === "" ? "" : indent + line));
  if (indented.at(-1) === "") indented.pop();
  return [...lines.slice(0, begin + 1), ...indented, ...lines.slice(end)].join("\n");
}

/** The paths of the files that are not as they have to be. */
export function stale(files, read) {
  return [...files].filter(([path, text]) => read(path) !== text).map(([path]) => path);
}

const reader = (root) => (path) => {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
};

async function generate(args) {
  const unknown = args.find((word) => word !== "--check");
  if (unknown) throw new Failure(`"${unknown}" is not known; there is --check.`);
  const read = reader(ROOT);
  const files = contents(await allOutputs(readSchema()), read);
  const paths = stale(files, read);
  if (args.includes("--check")) {
    if (paths.length > 0) {
      const which = paths.length === 1 ? "does" : "do";
      throw new Failure(`${paths.join(", ")} ${which} not agree with schema/; run \`${COMMAND}\`.`);
    }
    console.log(`${files.size} files agree with schema/.`);
    return;
  }
  for (const path of paths) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), files.get(path));
    console.log(`written: ${path}`);
  }
  console.log(`${files.size} files, ${paths.length} of them changed.`);
}

if (isMain(import.meta.url)) await main(() => generate(process.argv.slice(2)));
