// The commands with all their options. What they are is in commands.mjs; the options of `credentials` are in schema.mjs,
// which is generated.

import { commandsWith } from "./commands.mjs";
import { FLAGS } from "./schema.mjs";

/** @typedef {import("./commands.mjs").Option} Option */

export { ALIASES } from "./commands.mjs";

export const COMMANDS = commandsWith(FLAGS);
