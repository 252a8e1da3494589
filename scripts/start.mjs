// `npm start`: builds the package, as a draft unless it is there, starts a broker with the page on localhost, and runs until Ctrl-C.
//   npm start -- --port 1900    another port than 1883
import { build } from "./build.mjs";
import { Failure, isMain, main } from "./run.mjs";
import { setup } from "./setup.mjs";

const STOCK_PORT = 1883;

function portOf(args) {
  if (args.length === 0) return STOCK_PORT;
  const port = Number(args[1]);
  if (args[0] === "--port" && args.length === 2 && Number.isInteger(port) && port >= 0 && port < 65536) {
    return port;
  }
  throw new Failure("npm start takes nothing, or: npm start -- --port <0 to 65535>");
}

async function start(args) {
  const wanted = portOf(args);
  await setup("start");
  await build({ draft: true });
  const { startBroker } = await import("./broker.mjs"); // not before set-up has installed what it needs
  const onPortInUse = (port) => console.log(`Port ${port} is in use; trying the next one.`);
  const { port } = await startBroker({ port: wanted, onPortInUse });
  const at = port === STOCK_PORT ? "" : ` -p ${port}`;
  console.log(`
The page:    http://localhost:${port}/
The broker:  mqtt://localhost:${port} and ws://localhost:${port}/mqtt, MQTT 5.0 and 3.1.1

See what is published, from another terminal:
  node dist/cli.cjs sub${at} -t '#' -v
Publish something:
  node dist/cli.cjs pub${at} -t test/topic -m hello

Ctrl-C ends it.`);
}

if (isMain(import.meta.url)) {
  // The system closes all connections when the process ends, so there is nothing to wait for.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
  await main(() => start(process.argv.slice(2)));
}
