// What schema/options.json says of the command line. Owns no output.

import { allEntries } from "./options.mjs";

/** Entries beside what each says of the command line; several options may stand for one key. */
export const pairs = (schema) =>
  allEntries(schema).flatMap((entry) => [entry.cli ?? []].flat().map((cli) => ({ entry, cli })));

const groupOf = ({ entry, cli }) => cli.command ?? entry.group ?? "handshake";

/** The options that set keys of `credentials`, by their group or the command that has them. */
export function flagsOf(schema) {
  const all = pairs(schema);
  /** @type {import("../../../js/cli/commands.mjs").Flags} */
  const groups = {};
  for (const { entry, cli } of all) {
    if (!cli.flag) continue;
    const group = groupOf({ entry, cli });
    groups[group] = { ...groups[group], [cli.flag]: option(entry, cli) };
  }
  return groups;
}

function option({ type, name }, { short, value, many, by, help }) {
  const number = value !== undefined && ["whole", "seconds"].includes(type);
  const all = { short, value, many, number: number || undefined, key: name, by, help };
  return Object.fromEntries(Object.entries(all).filter(([, field]) => field !== undefined));
}
