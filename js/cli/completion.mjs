// `mqtt-lib completion`: prints the completion of bash, zsh or fish, made from the table of options.

import { UsageError } from "./failure.mjs";
import { COMMANDS } from "./options.mjs";

/** Values of these options are names of files. */
const FILES = ["file", "cafile", "cert", "key"];

/** @param {string} name of a command */
const optionsOf = (name) => Object.entries(COMMANDS[name].options);

/** @param {string} name */
const spellings = (name) =>
  optionsOf(name).flatMap(([long, { short }]) => [`--${long}`, ...(short ? [`-${short}`] : [])]);

/** All that take a file, in all commands. */
function fileOptions() {
  const all = Object.keys(COMMANDS)
    .flatMap(optionsOf)
    .filter(([long]) => FILES.includes(long));
  return [...new Set(all.flatMap(([long, { short }]) => [`--${long}`, ...(short ? [`-${short}`] : [])]))];
}

function bash() {
  const cases = Object.keys(COMMANDS).map((name) => `    ${name}) words="${spellings(name).join(" ")}" ;;`);
  return `# mqtt-lib completion bash > /etc/bash_completion.d/mqtt-lib
_mqtt_lib() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  case "$before" in ${fileOptions().join("|")}) COMPREPLY=($(compgen -f -- "$word")); return ;; esac
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  if [ "$COMP_CWORD" = 1 ]; then words="${Object.keys(COMMANDS).join(" ")} --help --version"; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _mqtt_lib mqtt-lib
`;
}

/** Text between single quotes of a shell, without what \`_arguments\` of zsh reads. @param {string} text */
const quoted = (text) => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");

function zsh() {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `    '${name}:${quoted(summary)}'`);
  const cases = Object.keys(COMMANDS).map((name) => {
    const lines = optionsOf(name).flatMap(([long, { short, value, help }]) =>
      [`--${long}`, ...(short ? [`-${short}`] : [])].map((spelling) => {
        const takes = value === undefined ? "" : `:${quoted(value)}:${FILES.includes(long) ? "_files" : ""}`;
        return `'*${spelling}[${quoted(help)}]${takes}'`;
      }),
    );
    return `    ${name}) _arguments ${lines.join(" ")} ;;`;
  });
  return `#compdef mqtt-lib
# mqtt-lib completion zsh > "\${fpath[1]}/_mqtt-lib"
_mqtt_lib() {
  local commands=(
${commands.join("\n")}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local name=$words[2]
  shift words; (( CURRENT-- ))
  case "$name" in
${cases.join("\n")}
  esac
}
compdef _mqtt_lib mqtt-lib
`;
}

function fish() {
  const none = `complete -c mqtt-lib -n __fish_use_subcommand -f -a`;
  const text = (/** @type {string} */ help) => help.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `${none} ${name} -d '${text(summary)}'`,
  );
  const options = Object.keys(COMMANDS).flatMap((name) =>
    optionsOf(name).map(([long, { short, value, help }]) => {
      const takes = value === undefined ? "" : FILES.includes(long) ? " -r -F" : " -x";
      const letter = short ? ` -s ${short}` : "";
      return `complete -c mqtt-lib -n '__fish_seen_subcommand_from ${name}' -l ${long}${letter}${takes} -d '${text(help)}'`;
    }),
  );
  return `# mqtt-lib completion fish > ~/.config/fish/completions/mqtt-lib.fish\n${[...commands, ...options].join("\n")}\n`;
}

const SHELLS = /** @type {Record<string, () => string>} */ ({ bash, zsh, fish });

/** @param {Pick<import("./session.mjs").Context, "words">} context */
export async function completion({ words }) {
  const [shell, more] = words;
  if (shell === undefined || more !== undefined || !Object.hasOwn(SHELLS, shell)) {
    const given = words.length === 0 ? "nothing" : `"${words.join(" ")}"`;
    throw new UsageError(`mqtt-lib completion takes bash, zsh or fish; ${given} was given`);
  }
  process.stdout.write(SHELLS[shell]());
}
