// The connection of a client of the facade: the transport in use, when an attempt is made and how long it may take, for which
// MQTT.js has other rules than the core. Owns the events connect, close, offline, reconnect, disconnect, packetsend and
// packetreceive, and errors of connections.

import { channelOver } from "./channel.mjs";
import { Core } from "./core.mjs";
import { connectionError, ErrorWithReasonCode, ReasonCodes } from "./errors.mjs";
import { KeepaliveManager } from "./keepalive.mjs";
import { WATCHED } from "./kept.mjs";
import { isWrong } from "./options.mjs";
import { connack, readPacket, withBuffers } from "./packets.mjs";

/** How the native client finds the transports of its owner, see js/hooks.mjs. */
export const CONNECT = Symbol.for("mqtt-lib.connect");

/** Errors of the native client that the events of the connection say already. */
const KNOWN = [
  "CONNECTION_REFUSED",
  "CONNECTION_LOST",
  "NOT_AUTHORIZED",
  "TIMEOUT",
  "INSECURE_CONNECTION",
  "STOPPED",
];
/** On a connection that goes on MQTT.js does not look at these: no event `error`, on which many programs end the client. */
const WARNINGS = [
  "BROKER_CLOSES",
  "DROPPED",
  "EXPIRED",
  "NOT_SUPPORTED",
  "PACKET_TOO_LARGE",
  "PROTOCOL_ERROR",
];
/** Why a callback of the core failed, where listeners know it already. */
const REPORTED = new Error("reported");
const RC_PROTOCOL = 2;
const RC_KEEPALIVE = 16;
const CONTINUE = 24;
const CONNECT_PACKET = 1;
const CONNACK = 2;
/** Of MQTT 3.1.1; a larger one is no CONNACK for the core, and a refusal for MQTT.js. */
const LAST_RETURN_CODE = 5;
const SUBACK = 9;
const UNSUBACK = 11;
const DISCONNECT = 14;

export class Link {
  #client;
  /** @type {import("./channel.mjs").Channel | undefined} */
  #channel;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #connackTimer;
  /** The broker has refused: no further attempt. */
  #refused = false;
  /** Listeners of MQTT.js do not see the first CONNECT, which it sends in the constructor. */
  #isFirst = true;
  /** Codes of warnings that were printed. @type {Set<string>} */
  #warned = new Set();
  #core;
  /** Another native client has none of the subscriptions that are restored. */
  #isNew = false;

  /** @param {any} client @param {import("./inbox.mjs").Inbox} inbox */
  constructor(client, inbox) {
    this.#client = client;
    this.inbox = inbox;
    /** @typedef {any[]} Rest */
    const callbacks = {
      on_connect: (/** @type {Rest} */ ...[flags, code, properties]) =>
        this.#answered(flags.sessionPresent, code, properties),
      on_disconnect: (/** @type {Rest} */ ...[code, error]) => this.#lost(code, error),
      on_error: (/** @type {any} */ error) => this.#report(error),
      on_auth: (/** @type {any} */ packet) => this.#authenticate(packet),
    };
    this.#core = new Core(client, callbacks, (message) => inbox.receive(message));
  }

  get native() {
    return this.#core.native;
  }

  get isOpen() {
    return this.#channel !== undefined;
  }

  /** An attempt that the application has begun. */
  openLater() {
    this.#isFirst = false;
    this.open();
  }

  /** Opens a transport, and lets the core connect over it. */
  open() {
    const client = this.#client;
    const { authenticationData, authenticationMethod } = client.options.properties ?? {};
    if (authenticationData && !authenticationMethod) {
      const error = new Error("Packet has no Authentication Method");
      client.end(() => client.emit("error", error));
      return;
    }
    this.clearReconnect();
    this.#refused = false;
    const transport = client.streamBuilder(client);
    this.#channel?.forget();
    /** @type {import("./channel.mjs").Channel} */
    const channel = channelOver(transport, {
      sees: (sent) => client.listenerCount(sent ? "packetsend" : "packetreceive") > 0,
      watches: (type) => !client.kept.isEmpty && ((WATCHED >> type) & 1) === 1,
      packet: (bytes, type, sent) => this.#seen(bytes, type, sent),
      failed: (error) => this.#failed(error),
      closed: () => this.#closed(channel),
    });
    this.#channel = channel;
    client.stream = channel.stream;
    clearTimeout(this.#connackTimer);
    this.#connackTimer = setTimeout(() => this.#overdue(), client.options.connectTimeout);
    this.#core.begin(channel);
  }

  /** The stores of the options may be others than before; throws for options that are wrong. */
  renew() {
    if (!this.#core.renew()) return;
    this.#isNew = true;
    this.#client.kept.clear();
  }

  /** The core opens the transport that was made for it. */
  handOver() {
    return this.#core.handOver();
  }

  /** Ends the connection at once, without DISCONNECT. */
  destroy() {
    this.#channel?.destroy();
  }

  /** Nothing is sent any more, and no attempt follows. @param {any} options of DISCONNECT @returns {Promise<void>} */
  stop(options) {
    clearTimeout(this.#connackTimer);
    return this.#core.stop(options);
  }

  clearReconnect() {
    clearInterval(this.#client.reconnectTimer);
    this.#client.reconnectTimer = undefined;
  }

  get plansReconnect() {
    return this.#client.reconnectTimer !== undefined;
  }

  /** After `reconnectPeriod`, and from then on as long as it takes. */
  planReconnect() {
    const client = this.#client;
    const { reconnectPeriod } = client.options;
    if (client.disconnecting || this.#refused || this.plansReconnect || !(reconnectPeriod > 0)) return;
    if (!client.reconnecting) {
      client.emit("offline");
      client.reconnecting = true;
    }
    client.reconnectTimer = setInterval(() => client.reconnectNow(), reconnectPeriod);
  }

  /** CONNACK. @param {boolean} sessionPresent @param {number} code @param {any} properties */
  #answered(sessionPresent, code, properties) {
    const client = this.#client;
    const five = client.options.protocolVersion === 5;
    clearTimeout(this.#connackTimer);
    client.serverProperties = properties;
    if (code !== 0) return this.#refuse(code);
    client.reconnecting = false;
    client.connected = true;
    client.queue = [];
    if (this.#isNew && !sessionPresent) {
      this.#isNew = false;
      client.restore();
    }
    client.keepaliveManager = client.keepalive > 0 ? new KeepaliveManager(client) : null;
    client.emit("connect", connack(sessionPresent, code, properties, five));
  }

  /** @param {number} code */
  #refuse(code) {
    const client = this.#client;
    this.#refused = !client.options.reconnectOnConnackError;
    this.destroy();
    client.emit("error", new ErrorWithReasonCode(`Connection refused: ${ReasonCodes[code]}`, code));
  }

  /** An accepted connection has ended. @param {number} code @param {any} error */
  #lost(code, error) {
    if (code === RC_KEEPALIVE) this.fail(new Error("Keepalive timeout"));
    else if (code === RC_PROTOCOL) this.fail(error);
  }

  #overdue() {
    this.fail(new Error("connack timeout"));
  }

  /** Ends the connection; listeners of the error see that it has ended. @param {Error} error */
  fail(error) {
    this.#client.flushIfLost();
    this.destroy();
    this.planReconnect();
    this.#client.emit("error", connectionError(error));
  }

  /** What no promise of the native client carries. @param {any} error */
  #report(error) {
    if (KNOWN.includes(error.code) || error.cause === REPORTED) return;
    const client = this.#client;
    if (error.code === "CALLBACK_FAILED") {
      // What a listener throws is an uncaught exception in MQTT.js.
      queueMicrotask(() => {
        throw error.cause;
      });
    } else if (client.connected && WARNINGS.includes(error.code)) {
      queueMicrotask(() => this.warn(error));
    } else if (client.connected || !(isWrong(error) || error.code === "CREDENTIALS_FAILED")) {
      // Not here, where the core would catch what a listener throws.
      queueMicrotask(() => client.emit("error", connectionError(error)));
    } else {
      queueMicrotask(() => this.fail(error));
    }
  }

  /** An event, or a line on the console for the first of a kind. @param {any} error */
  warn(error) {
    if (this.#client.emit("warning", error) || this.#warned.has(error.code)) return;
    this.#warned.add(error.code);
    // biome-ignore lint/suspicious/noConsole: a failure is never silent
    console.warn('mqtt-lib/mqttjs (listen to "warning" to handle this):', error);
  }

  /** Of the transport. @param {any} error */
  #failed(error) {
    // Codes of Node, such as ECONNREFUSED, also where the native client has its own for them.
    const known = error?.cause?.code ? error.cause : error;
    if (known?.code) this.#client.emit("error", known);
  }

  /** @param {import("./channel.mjs").Channel} channel */
  #closed(channel) {
    if (this.#channel !== channel) return;
    const client = this.#client;
    this.#channel = undefined;
    clearTimeout(this.#connackTimer);
    this.#isFirst = false;
    this.inbox.reset();
    client.connected = false;
    client.keepaliveManager = null;
    client.serverProperties = undefined;
    client.closed();
    this.planReconnect();
    client.emit("close");
  }

  /** @param {Uint8Array} bytes @param {number} type @param {boolean} sent */
  #seen(bytes, type, sent) {
    const client = this.#client;
    const event = sent ? "packetsend" : "packetreceive";
    if (!sent) this.inbox.arrived(bytes, type);
    if (!client.kept.isEmpty) client.kept.saw(bytes, type, sent);
    const isSeen = client.listenerCount(event) > 0 && !(type === CONNECT_PACKET && this.#isFirst);
    const isOurs = !sent && (type === SUBACK || type === UNSUBACK || type === DISCONNECT || type === CONNACK);
    if (!isSeen && !isOurs) return;
    const packet = readPacket(bytes, client.options.protocolVersion === 5);
    if (isOurs) client.answered(packet);
    if (isSeen) client.emit(event, packet);
    if (!sent && type === DISCONNECT) client.emit("disconnect", packet);
    if (!sent && packet.returnCode > LAST_RETURN_CODE) this.#answered(false, packet.returnCode, undefined);
  }

  /** AUTH. @param {any} packet @returns {Promise<any>} */
  #authenticate(packet) {
    const shown = {
      cmd: "auth",
      reasonCode: packet.reasonCode,
      properties: withBuffers(packet.properties ?? {}),
    };
    return new Promise((resolve, reject) => {
      this.#client.handleAuth(shown, (/** @type {any} */ error, /** @type {any} */ answer) => {
        if (!error && (answer !== undefined || packet.reasonCode !== CONTINUE))
          return resolve(answer?.properties);
        const missing = "Protocol error: No auth packet to continue the authentication exchange";
        this.fail(error ?? new ErrorWithReasonCode(missing, 130));
        reject(REPORTED);
      });
    });
  }
}
