// What schema/options.json says of the command line, checked against the options of js/cli/commands.mjs. Owns no output.

import { commandsWith } from "../../../js/cli/commands.mjs";
import { Failure } from "../../run.mjs";
import { allEntries } from "./options.mjs";

/** Entries beside what each says of the command line; several options may stand for one key. */
export const pairs = (schema) =>
  allEntries(schema).flatMap((entry) => [entry.cli ?? []].flat().map((cli) => ({ entry, cli })));

const groupOf = ({ entry, cli }) => cli.command ?? entry.group ?? "handshake";

/** The options that set keys of `credentials`, by their group or the command that has them. */
export function flagsOf(schema) {
  const all = pairs(schema);
  check(all);
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

/** The commands that get the options of a group. */
function commandsOfGroup(group) {
  const probe = { help: "" };
  return Object.entries(commandsWith({ [group]: { probe } }))
    .filter(([, { options }]) => options.probe === probe)
    .map(([name]) => name);
}

/** An option must not have the name or the letter of another one of the same command: the later one would replace it. */
function check(all) {
  /** How each option of a command is written, and what has it. @type {Record<string, Map<string, string>>} */
  const taken = {};
  for (const [command, { options }] of Object.entries(commandsWith({}))) {
    taken[command] = new Map([["--help", "every command"]]);
    for (const [name, { short }] of Object.entries(options)) {
      taken[command].set(`--${name}`, "js/cli/commands.mjs");
      if (short) taken[command].set(`-${short}`, `--${name} in js/cli/commands.mjs`);
    }
  }
  for (const { entry, cli } of all) {
    const place = `${entry.list}.${entry.key}`;
    const fail = (why) => {
      throw new Failure(`schema/options.json: ${place}: ${why}.`);
    };
    if (!cli.flag && !cli.see) fail('"cli" has neither "flag" nor "see"; give one of them');
    if (!cli.flag) {
      if (!all.some(({ cli: { flag } }) => flag === cli.see)) {
        fail(
          `"cli.see" is "${cli.see}", and no entry has this "cli.flag"; give the name of one that is there`,
        );
      }
      continue;
    }
    const commands = commandsOfGroup(groupOf({ entry, cli }));
    if (cli.command && commands.join() !== cli.command) {
      fail(
        `"cli.command" is "${cli.command}", which js/cli/commands.mjs gives no options from here; only pub has some`,
      );
    }
    for (const command of commands) {
      const words = { flag: `--${cli.flag}`, ...(cli.short && { short: `-${cli.short}` }) };
      for (const [field, word] of Object.entries(words)) {
        const owner = taken[command].get(word);
        if (owner) {
          fail(`"cli.${field}": ${word} of mqtt-lib ${command} is taken by ${owner}; choose another one`);
        }
        taken[command].set(word, place);
      }
    }
  }
}
