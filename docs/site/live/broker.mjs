// The broker of the page: aedes, which speaks MQTT 3.1.1 and 5, without a network. Owns the connections to it, each a pair
// of byte streams as `credentials.transport` takes it.
import { Aedes } from "aedes-mqtt5";
import { Duplex } from "readable-stream";

/** @type {Promise<any> | undefined} */
let broker;

/** Chunks that connections have carried. */
let carried = 0;
/** So many turns of a timer without one, and the broker has delivered everything: it works in turns of this page. */
const QUIET_TURNS = 10;

/** Resolves when no connection carries anything. */
export async function quiet() {
  for (let before = carried, turns = 0; turns < QUIET_TURNS; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (carried !== before) [before, turns] = [carried, 0];
  }
}

/** @param {any} _to @returns {Promise<object>} */
export async function transport(_to) {
  broker ??= Aedes.createBroker();
  const aedes = await broker;
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  let toClient;
  let isOpen = true;
  const end = () => {
    if (isOpen) toClient.close();
    isOpen = false;
  };
  const connection = new Duplex({
    read() {},
    write(bytes, _encoding, done) {
      carried += 1;
      if (isOpen) toClient.enqueue(new Uint8Array(bytes));
      done();
    },
    final(done) {
      end();
      done();
    },
    destroy(error, done) {
      end();
      done(error);
    },
  });
  const readable = new ReadableStream({
    start(controller) {
      toClient = controller;
    },
    cancel() {
      isOpen = false;
      connection.destroy();
    },
  });
  const writable = new WritableStream({
    write(bytes) {
      carried += 1;
      connection.push(bytes);
    },
    close: () => void connection.push(null),
    abort: () => void connection.destroy(),
  });
  aedes.handle(connection);
  return { readable, writable };
}
