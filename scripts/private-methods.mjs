// Gives the private methods of js/ plain short names in the bundles for pages, and keeps their fields private: a Babel that
// transforms private fields, and neither their methods nor `#field in`, as in Vue CLI, refuses these.

import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";

/** A class as the formatter writes it, and its private methods. */
const CLASS = /^(?:export )?(?:default )?class \w+( extends [^\n]*)? \{\n[\s\S]*?^\}/gm;
const METHOD = /^ {2}(?:static |async |get |set |\*)*#(\w+)\(/gm;

/**
 * The names are numbers within a class. Those of a class that extends another are none of that one's, nor of the same class in
 * another folder, which may extend it: js/tabs/ extends the client.
 * @param {string} source @param {string} folder
 */
export function withoutPrivateMethods(source, folder) {
  return source.replaceAll(CLASS, (text, derived) => {
    const prefix = `$${folder === "js" ? "" : folder[0]}${derived ? "$" : ""}`;
    const methods = [...new Set(Array.from(text.matchAll(METHOD), ([, name]) => name))];
    return methods.reduce(
      (changed, name, i) => changed.replaceAll(new RegExp(`#${name}\\b`, "g"), () => `${prefix}${i}`),
      text,
    );
  });
}

/** For esbuild, behind the plugins that load files of their own. */
export const noPrivateMethods = {
  name: "no-private-methods",
  setup(esbuild) {
    esbuild.onLoad({ filter: /[/\\](?:js|snippets)[/\\].*\.m?js$/ }, ({ path }) => ({
      contents: withoutPrivateMethods(readFileSync(path, "utf8"), basename(dirname(path))),
      loader: "js",
    }));
  },
};
