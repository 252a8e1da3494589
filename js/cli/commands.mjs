// Every option of every command, once: how it is written, what it takes, what it means. The names are mosquitto's
// where mosquitto's tools have them. Options that set keys of `credentials` are those of schema/options.json, and are
// given to it: `npm run generate` calls it with what it is about to write. Owns no value.

/**
 * @typedef {object} Option
 * @property {string} [short]
 * @property {string} [value] what follows, as --help writes it; absent for a flag
 * @property {boolean} [many] may be given several times
 * @property {boolean} [number]
 * @property {string} [key] of `credentials`, or of an object in it: "certs.ca"
 * @property {string} [by] how the value gets to the key, where it is not the value itself: see credentials.mjs
 * @property {string} help
 */

/** Options by their group, or by the command that has them. @typedef {Record<string, Record<string, Option>>} Flags */
/** @typedef {{ summary: string, usage: string, options: Record<string, Option>, examples: string[][] }} Command */

/** @type {Record<string, Option>} */
const MESSAGE = {
  topic: { short: "t", value: "TOPIC", help: "topic" },
  message: { short: "m", value: "TEXT", help: "payload" },
  file: { short: "f", value: "FILE", help: "payload from a file; - is standard input" },
  "null-message": { short: "n", help: "an empty payload" },
  "stdin-file": { short: "s", help: "all of standard input is the payload" },
  qos: { short: "q", value: "QOS", number: true, help: "0, 1 or 2 (0)" },
  retain: { short: "r", help: "the broker keeps the message" },
};

/** @type {Record<string, Option>} */
const OUTPUT = {
  verbose: { short: "v", help: "topic and payload" },
  format: { short: "F", value: "FORMAT", help: "such as '%I %t %p'; see the guide for the letters" },
  json: { help: "one JSON object a line" },
  pretty: { help: "JSON payloads in lines, indented; on a terminal in colours, unless NO_COLOR is set" },
  decode: { value: "FORMAT", help: "print payloads of this format as JSON: cbor, msgpack or sparkplug" },
  "no-newline": { short: "N", help: "no line end after a message" },
};

const { qos } = MESSAGE;
const { verbose, json } = OUTPUT;

/** Options of each command that connects. @param {Flags} flags @returns {Record<string, Option>} */
function connection({ server, client, session, protocol, will, handshake, pub: _pub, ...others }) {
  return {
    ...server,
    ...client,
    ...session,
    "session-expiry-interval": {
      short: "x",
      value: "SECONDS",
      number: true,
      help: "how long the broker keeps the session (MQTT 5)",
    },
    ...protocol,
    property: {
      short: "D",
      value: "COMMAND NAME VALUE",
      many: true,
      help: "property of MQTT 5, such as -D publish content-type text/plain; user-property takes two values",
    },
    ...will,
    ...handshake,
    ...Object.assign({}, ...Object.values(others)),
    profile: {
      value: "NAME",
      help: "options from the file NAME in ~/.config/mqtt-lib, one a line, such as --host broker.example",
    },
    timeout: { short: "W", value: "SECONDS", number: true, help: "give up after so long, with exit code 27" },
    debug: { short: "d", help: "say on standard error what happens" },
    wire: { help: "print each packet on standard error, without user name and password" },
    quiet: { help: "no progress and no notices on standard error" },
  };
}

/** The commands with these options of `credentials`. @param {Flags} flags @returns {Record<string, Command>} */
export function commandsWith(flags) {
  const shared = connection(flags);
  return {
    pub: {
      summary: "publish a message, a file, or lines of standard input",
      usage: "mqtt-lib pub [URL] [-t] TOPIC (-m TEXT | -f FILE | -l | -s | -n) [options]",
      options: {
        ...MESSAGE,
        "stdin-line": {
          short: "l",
          help: "each line of standard input (or of --file) is a message; empty ones are not",
        },
        repeat: { value: "N", number: true, help: "publish the message N times" },
        "repeat-delay": { value: "SECONDS", number: true, help: "the time between two of them (0)" },
        json: { help: "with -l: each line must be JSON, and is a value in a --batch" },
        ...flags.pub,
        ...shared,
      },
      examples: [
        ["mqtt-lib pub -t test/topic -m hello"],
        [
          "mqtt-lib pub mqtts://broker.example test/topic hello -q 1 --profile work",
          "user and password are in a file",
        ],
        ["tail -f app.log | mqtt-lib pub -t logs/app -l -q 1", "each line when it comes"],
        [
          "mqtt-lib pub -t readings -l --json --batch 100 --interval 5 < readings.jsonl",
          "JSON arrays of 100",
        ],
        ["mqtt-lib pub -t test/five -m 21.5 -D publish content-type text/plain"],
      ],
    },
    sub: {
      summary: "print messages",
      usage: "mqtt-lib sub [URL] [-t] FILTER [FILTER ...] [options]",
      options: {
        topic: { short: "t", value: "FILTER", many: true, help: "topic filter" },
        qos: { ...qos, help: "largest QoS to receive with (0)" },
        "filter-out": {
          short: "T",
          value: "FILTER",
          many: true,
          help: "print no message whose topic matches this filter",
        },
        unsubscribe: {
          short: "U",
          value: "FILTER",
          many: true,
          help: "unsubscribe from a filter of the session that the broker has kept",
        },
        ...OUTPUT,
        count: { short: "C", value: "N", number: true, help: "end after N messages" },
        "no-retained": { short: "R", help: "no messages that the broker had kept" },
        "retained-only": { help: "no others, and end with the first that is not" },
        "remove-retained": {
          help: "remove the retained messages that are received from the broker; -R and --retained-only say which are printed",
        },
        "exit-after-subscribe": {
          short: "E",
          help: "end once subscribed; with -c the broker collects from then on",
        },
        ...shared,
      },
      examples: [
        ["mqtt-lib sub -t 'test/#' -v"],
        ["mqtt-lib sub ws://localhost:9001/mqtt -t '#' --json | jq .topic"],
        ["mqtt-lib sub -t 'spBv1.0/#' -v --decode sparkplug --pretty"],
        ["mqtt-lib sub -t jobs -q 1 -c -i worker", "what came while it was away too"],
        ["mqtt-lib sub -t status -C 1 -W 5", "one message within 5 s, or exit code 27"],
      ],
    },
    request: {
      summary: "publish a request and print the response (MQTT 5)",
      usage: "mqtt-lib request [URL] [-t] TOPIC (-m TEXT | -f FILE | -s | -n) [options]",
      options: {
        ...MESSAGE,
        "response-topic": { short: "e", value: "TOPIC", help: "topic of the response (random)" },
        ...OUTPUT,
        ...shared,
        timeout: { ...shared.timeout, help: "wait so long for the response (30), then exit code 27" },
      },
      examples: [["mqtt-lib request -t service/double -m 21 -W 5"]],
    },
    bench: {
      summary: "measure rates and round trips against a broker",
      usage: "mqtt-lib bench [URL] [options]",
      options: {
        topic: { short: "t", value: "TOPIC", help: "topic to use (random)" },
        qos,
        count: { short: "C", value: "N", number: true, help: "messages to send (10000)" },
        size: { value: "BYTES", number: true, help: "size of a payload (100)" },
        connections: {
          value: "N",
          number: true,
          help: "so many connections publish, and as many receive, each pair on a topic of its own (1)",
        },
        json,
        ...shared,
      },
      examples: [
        ["mqtt-lib bench mqtt://localhost -q 1 -C 50000"],
        ["mqtt-lib bench -q 1 -C 100000 --connections 100", "with 200 connections"],
      ],
    },
    simulate: {
      summary: "publish from a template, over many connections",
      usage: "mqtt-lib simulate [URL] [-t] TOPIC -m TEMPLATE [options]",
      options: {
        topic: { short: "t", value: "TEMPLATE", help: "topic; {{client}} is the number of the connection" },
        message: {
          short: "m",
          value: "TEMPLATE",
          help: "payload; {{client}}, {{count}}, {{time}}, {{iso}}, {{random}} and {{random 10 20}} are filled in",
        },
        qos,
        retain: MESSAGE.retain,
        connections: { value: "N", number: true, help: "how many connections publish (1)" },
        interval: {
          value: "SECONDS",
          number: true,
          help: "the time between two messages of a connection (1)",
        },
        count: { short: "C", value: "N", number: true, help: "messages of each connection (until Ctrl-C)" },
        ...shared,
      },
      examples: [
        [`mqtt-lib simulate -t 'home/sensor{{client}}' -m '{"t":{{random 18 25}}}' --connections 20`],
      ],
    },
    broker: {
      summary: "a broker in this process, for trying things out",
      usage: "mqtt-lib broker [-p PORT] [-h HOST] [--allow-origin ORIGIN]",
      options: {
        host: { ...flags.server?.host, help: "address to listen on (localhost: this machine only)" },
        port: {
          ...flags.server?.port,
          help: "port for MQTT over TCP and over WebSocket; 0: any free one (1883)",
        },
        "allow-origin": {
          value: "ORIGIN",
          many: true,
          help: "web pages that may connect, beside those of this machine: https://app.example, null, or * for all",
        },
        verbose: { ...verbose, help: "print who comes, who goes, and what is published" },
      },
      examples: [["mqtt-lib broker -p 1884 -v"]],
    },
    tree: {
      summary: "print the retained messages as a tree",
      usage: "mqtt-lib tree [URL] [FILTER] [options]",
      options: {
        topic: { short: "t", value: "FILTER", many: true, help: "topic filter (#)" },
        json: { help: "one JSON object: topic to payload" },
        ...shared,
      },
      examples: [["mqtt-lib tree mqtt://localhost 'home/#'"]],
    },
    completion: {
      summary: "print the completion of a shell",
      usage: "mqtt-lib completion bash|zsh|fish",
      options: {},
      examples: [
        ["mqtt-lib completion bash > /etc/bash_completion.d/mqtt-lib", "as root"],
        ["source <(mqtt-lib completion bash)", "in ~/.bashrc"],
        ["mqtt-lib completion zsh > ~/.zsh/completions/_mqtt-lib", "a folder of $fpath"],
        ["mqtt-lib completion fish > ~/.config/fish/completions/mqtt-lib.fish"],
      ],
    },
  };
}

/** Other words for the commands. */
export const ALIASES = /** @type {Record<string, string>} */ ({ publish: "pub", subscribe: "sub" });
