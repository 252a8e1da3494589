// The retained messages under a filter, all at once. MQTT does not say where they end: they are taken to be complete when
// none has come for a while, and a round trip through the broker has brought no further one.

import { clearTimeout, setTimeout } from "./clock.mjs";
import { checkTimeout, limited } from "./limits.mjs";

const TIMEOUT_S = 30;
const QUIET_S = 0.5;
/** Nobody is subscribed to it: UNSUBSCRIBE is a round trip that no access rule forbids. */
const MARKER = "mqttlib/marker";
/** A broker that does not answer it (rumqttd) has sent everything by then. */
const MARKER_S = 5;

/** @param {any} error */
function unlessLate(error) {
  if (error.code !== "TIMEOUT") throw error;
}

/** @param {any} client @param {string} filter @param {any} [options] @returns {Promise<Map<string, import("./message.mjs").Message>>} */
export function snapshot(client, filter, options) {
  /** @type {Map<string, any>} */
  const kept = new Map();
  let isOver = false;
  let wake = () => {};
  const stop = () => {
    isOver = true;
    wake();
  };
  /** @param {unknown} _client @param {unknown} _userdata @param {any} message */
  const keep = (_client, _userdata, message) => {
    if (message.retain) kept.set(message.topic, message);
  };
  /** @param {{ quiet?: number }} others */
  const collect = async ({ quiet = QUIET_S, ...unknown }) => {
    // With 0 it is the round trip alone.
    if (quiet !== 0) checkTimeout(quiet, "", "quiet");
    /** @type {any[]} */
    const added = [];
    // With a key more it subscribes in any case, which has the broker send them. So again on each further connection: a broker
    // that has kept the session does not send what the last one has not brought.
    const ask = () =>
      added.push(client.addHandler(filter, keep, { ...unknown, qos: 1, properties: undefined }));
    const look = () => (client.connected ? ask() : wake());
    try {
      ask();
      await added[0].ready;
      client.addEventListener("statechange", look);
      for (let seen = -1; (seen < kept.size + added.length || !client.connected) && !isOver; ) {
        seen = kept.size + added.length;
        await new Promise((/** @type {(value?: any) => void} */ resolve) => {
          const timer = setTimeout(resolve, quiet * 1000);
          wake = () => resolve(clearTimeout(timer));
        });
        // Of a client that has stopped it rejects.
        await client.unsubscribe(MARKER, { timeout: MARKER_S }).catch(unlessLate);
      }
      return kept;
    } finally {
      client.removeEventListener("statechange", look);
      for (const one of added) one.remove();
    }
  };
  return limited(options ?? {}, collect, stop, undefined, TIMEOUT_S);
}
