// The text of --help, generated from options.mjs.

import { COMMANDS } from "./options.mjs";

const WIDTH = 100;
const EXIT_CODES = `Exit codes:
  0    done; also when Ctrl-C ends sub without --count, or broker
  1    failure of the broker, the network or a file, with one sentence on standard error
  2    wrong options or input
  27   the time limit of --timeout was reached
  130  ended by Ctrl-C before it was done; 143 by SIGTERM, 129 by SIGHUP`;

const ENVIRONMENT = `Environment, so that no secret is on the command line:
  MQTT_LIB_URL, MQTT_LIB_USERNAME, MQTT_LIB_PASSWORD, MQTT_LIB_PASSPHRASE`;

/** @param {string} version */
export function overview(version) {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  const examples = Object.values(COMMANDS).map((command) => `  ${command.examples[0][0]}`);
  return `mqtt-lib ${version}, MQTT from the command line

${rows.join("\n")}

  mqtt-lib COMMAND --help    its options, with examples
  mqtt-lib --version

Examples:
${examples.join("\n")}

${EXIT_CODES}
`;
}

/** @param {string} name */
export function helpOf(name) {
  const { summary, usage, options, examples } = COMMANDS[name];
  const shown = examples.map(([line, remark]) => `  ${line}${remark ? `    # ${remark}` : ""}`);
  return `mqtt-lib ${name}: ${summary}

  ${usage}

Examples:
${shown.join("\n")}

${[optionsOf(options), options.pw && ENVIRONMENT, EXIT_CODES].filter(Boolean).join("\n\n")}
`;
}

/** @param {Record<string, import("./options.mjs").Option>} options */
function optionsOf(options) {
  const lines = Object.entries(options).map(describe);
  return lines.length > 0 && ["Options:", ...lines].join("\n");
}

/** @param {[string, import("./options.mjs").Option]} option */
function describe([name, { short, value, help }]) {
  const head = `  ${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`;
  const indent = 34;
  /** @type {string[]} */
  const lines = [];
  let line = head.length < indent - 1 ? head.padEnd(indent) : `${head}\n${" ".repeat(indent)}`;
  let room = WIDTH - indent;
  for (const word of help.split(" ")) {
    if (word.length + 1 > room) {
      lines.push(line.trimEnd());
      line = " ".repeat(indent);
      room = WIDTH - indent;
    }
    line += `${word} `;
    room -= word.length + 1;
  }
  return [...lines, line.trimEnd()].join("\n");
}
