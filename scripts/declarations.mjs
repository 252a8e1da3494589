// Joins a file of type declarations with the files whose declarations it exports: in js/ each is one idea, users get one
// file, for `import` and for `require`. Owns what of the statements between the files stays: nothing.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const IMPORTED = /^import (?:type )?\{[^}]*\} from "\.[^"]*";\n/gm;
const EXPORTED = /^export (?:type )?(?:\*|\{([^}]*)\}) from "(\.[^"]*)\.js";\n/gm;
/** The first lines of a file, which say what it owns. */
const HEAD = /^(?:\/\/.*\n)+/;
const DECLARED = /^export (?=(type|interface|class) (\w+))/gm;

/** All declarations of a file and of those behind it. @param {string} path */
export function joined(path) {
  const text = readFileSync(path, "utf8").replace(IMPORTED, "");
  return text.replace(
    EXPORTED,
    (_all, /** @type {string | undefined} */ names, /** @type {string} */ from) => {
      const part = joined(join(dirname(path), `${from}.d.ts`)).replace(HEAD, "");
      const own = names?.split(",").map((name) => name.trim());
      return part.replace(DECLARED, (kept, kind, name) => {
        if (!own || own.includes(name)) return kept;
        return kind === "class" ? "declare " : "";
      });
    },
  );
}
