// ejabberd's mod_mqtt with its default limits: MQTT 3.1.1 and 5, TCP and WebSocket. Erlang is started as `ejabberdctl
// foreground` does, but without its shell, so that the process id is the broker's; there is no distribution and no
// port mapper. Any user name of the host is accepted.

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "../../../scripts/run.mjs";
import { freePort, untilAccepts } from "../../support/ports.mjs";
import { ownFolder, startChild } from "../support/child.mjs";
import { alone, sameUrls, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const VERSIONS = [4, 5];
/** A busy machine needs more than a minute. */
const START_SECONDS = 300;
const USER = { username: "u@localhost", password: "p" };
const SETTINGS = {
  // What no rule allows is forbidden: the topics of the operations begin with m/.
  forbidden: { module: '    access_publish:\n      "m/#": all\n    access_subscribe:\n      "m/#": all' },
  limits: { listener: "    max_payload_size: 100000\n" },
};

const configuration = ({ mqtt, ws }, { module = "", listener = "" }) => `
hosts: [localhost]
loglevel: warning
auth_method: anonymous
anonymous_protocol: login_anon
listen:
  -
    port: ${mqtt}
    ip: "127.0.0.1"
    module: mod_mqtt
${listener}
  -
    port: ${ws}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /mqtt: mod_mqtt
modules:
  mod_mqtt:${module ? `\n${module}` : " {}"}
`;

/** Where Debian has the libraries of Erlang's packages, or undefined. */
const libraries = () =>
  existsSync("/usr/lib")
    ? readdirSync("/usr/lib")
        .map((name) => join("/usr/lib", name))
        .find((path) => path.endsWith("-linux-gnu") && hasEjabberd(path))
    : undefined;
const hasEjabberd = (path) => readdirSync(path).some((name) => name.startsWith("ejabberd-"));

async function start({ setting } = {}) {
  const { folder, remove } = ownFolder("ejabberd");
  const ports = { mqtt: await freePort(), ws: await freePort() };
  const file = join(folder, "ejabberd.yml");
  writeFileSync(file, configuration(ports, SETTINGS[setting] ?? {}));
  const args = ["-noinput", "-mnesia", "dir", `"${join(folder, "spool")}"`, "-s", "ejabberd"];
  const env = {
    HOME: folder,
    ERL_LIBS: libraries(),
    ERL_CRASH_DUMP: "/dev/null",
    EJABBERD_CONFIG_PATH: file,
    EJABBERD_LOG_PATH: join(folder, "ejabberd.log"),
  };
  const node = await startNode({
    urls: sameUrls(VERSIONS, ports),
    launch: () => startChild("erl", args, { env, cwd: folder }),
    ready: async (child) => {
      await untilConnack(ports.mqtt, { gone: child.why, seconds: START_SECONDS, ...USER });
      await untilAccepts(ports.ws, { gone: child.why });
    },
  });
  return {
    ...alone(node, remove),
    credentials: { mqttusername: USER.username, mqttpassword: USER.password },
  };
}

export default {
  name: "ejabberd",
  title: "ejabberd 23.01",
  versions: VERSIONS,
  settings: Object.keys(SETTINGS),
  cannot: {
    "shared 4": "closes the connection at a subscription to $share in MQTT 3.1.1",
    "shared 5": "has no shared subscriptions, and says so in CONNACK",
    "overlapping 4": "sends a copy for each subscription, and MQTT 3.1.1 does not say for which",
  },
  missing: () =>
    which("ejabberdctl") && libraries() ? undefined : "ejabberd is not installed: apt-get install ejabberd",
  start,
};
