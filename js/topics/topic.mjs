// Typed topics: what a client calls when it is given one in place of a text. Owns how a call with a typed topic becomes one
// with a name or a filter, and a message one with `params` and `value`. Never sends or receives by itself.

import { isLimited, limited } from "../limits.mjs";
import { report } from "../report.mjs";
import { whenThere } from "./codecs.mjs";
import { Pattern } from "./pattern.mjs";
import { of } from "./validation-error.mjs";

/** Under this name a client finds what it calls, see js/client.mjs. */
const CALL = Symbol.for("mqtt-lib.topic");

/** @param {unknown} pattern @param {any} codec */
export function topic(pattern, codec) {
  if (typeof codec?.encode !== "function" || typeof codec.decode !== "function")
    throw Object.assign(
      new TypeError(
        "topic() takes a pattern and a codec: json, text, bytes, or { encode, decode, contentType? }",
      ),
      { code: "INVALID_OPTION" },
    );
  const parsed = new Pattern(pattern);
  const calls = new Calls(parsed, codec);
  return Object.defineProperties((/** @type {any} */ params) => parsed.name(params), {
    pattern: { value: parsed.text, enumerable: true },
    filter: { value: parsed.filter(), enumerable: true },
    match: { value: (/** @type {string} */ name) => parsed.match(name) },
    read: { value: (/** @type {any} */ message) => calls.read(message) },
    toString: { value: () => parsed.text },
    [CALL]: {
      value: (/** @type {any} */ client, /** @type {string} */ method, /** @type {any[]} */ ...all) =>
        /** @type {any} */ (calls)[method](client, ...all),
    },
  });
}

class Calls {
  /** What a client is given for a handler: the same each time, so that it is the same handler. @type {WeakMap<Function, Function>} */
  #takers = new WeakMap();

  /** @param {Pattern} pattern @param {import("./codecs.mjs").Codec} codec */
  constructor(pattern, codec) {
    this.pattern = pattern;
    this.codec = codec;
  }

  /** The message with `params` and `value`, or a promise of it. @param {any} message */
  read(message) {
    /** @param {any} thrown @returns {never} */
    const fail = (thrown) => {
      throw of(message.topic, thrown);
    };
    const params = this.pattern.match(message.topic);
    if (params === undefined) fail(new TypeError(`it is no topic of "${this.pattern.text}"`));
    try {
      const value = whenThere(this.codec.decode(message.payload, message), (decoded) => {
        const own = Object.create(Object.getPrototypeOf(message));
        return Object.assign(own, message, { params, value: decoded });
      });
      return typeof value.then === "function" ? value.catch(fail) : value;
    } catch (thrown) {
      return fail(thrown);
    }
  }

  /** @param {any} handler */
  #taker(handler) {
    if (typeof handler !== "function") return handler;
    let taker = this.#takers.get(handler);
    if (taker === undefined) {
      taker = (/** @type {any} */ client, /** @type {any} */ userdata, /** @type {any} */ message) =>
        whenThere(this.read(message), (read) => handler(client, userdata, read));
      this.#takers.set(handler, taker);
    }
    return taker;
  }

  /** @param {any} client @param {"publish" | "qpublish"} method @param {any} value @param {any} given */
  #send(client, method, value, given) {
    const { params, ...others } = given ?? {};
    /** @param {string} name @param {any} payload @param {any} [options] */
    const send = (name, payload, options = given && others) =>
      client[method](name, payload, this.#options(client, options));
    try {
      const name = this.pattern.name(params);
      const payload = this.#encode(name, value);
      if (!(payload instanceof Promise)) return send(name, payload);
      if (!isLimited(others)) return quiet(payload.then((made) => send(name, made)));
      // The codec's time counts, too: at the end of it nothing is sent, or it is withdrawn.
      const end = new AbortController();
      return limited(
        others,
        (rest) => payload.then((made) => send(name, made, { ...rest, signal: end.signal })),
        () => end.abort(),
      );
    } catch (thrown) {
      return quiet(Promise.reject(thrown));
    }
  }

  /** The payload, or a promise of it. @param {string} name @param {any} value */
  #encode(name, value) {
    /** @param {any} thrown @returns {never} */
    const fail = (thrown) => {
      throw of(name, thrown);
    };
    try {
      const payload = this.codec.encode(value);
      return typeof payload?.then === "function" ? Promise.resolve(payload).catch(fail) : payload;
    } catch (thrown) {
      return fail(thrown);
    }
  }

  /** Options of a publish: on a connection of MQTT 5 with the content type. @param {any} client @param {any} options */
  #options(client, options) {
    const { contentType } = this.codec;
    if (contentType === undefined || client.mqttversion !== 5) return options;
    return { ...options, properties: { contentType, ...options?.properties } };
  }

  /** @param {any} client @param {unknown} value @param {any} options */
  publish(client, value, options) {
    return this.#send(client, "publish", value, options);
  }

  /** @param {any} client @param {unknown} value @param {any} options */
  qpublish(client, value, options) {
    return this.#send(client, "qpublish", value, options);
  }

  /** @param {any} client @param {any} given options, or the handler @param {any} [handler] */
  subscribe(client, given, handler) {
    if (typeof given === "function") return client.subscribe(this.pattern.filter(), this.#taker(given));
    const { params, ...options } = given ?? {};
    return this.#checked(() =>
      client.subscribe(this.pattern.filter(params), given && options, this.#taker(handler)),
    );
  }

  /** @param {any} client @param {any} given */
  unsubscribe(client, given) {
    const { params, ...options } = given ?? {};
    return this.#checked(() => client.unsubscribe(this.pattern.filter(params), given && options));
  }

  /** What is thrown for a wrong parameter is a rejection. @param {() => Promise<any>} call */
  #checked(call) {
    try {
      return call();
    } catch (thrown) {
      return quiet(Promise.reject(thrown));
    }
  }

  /** @param {any} client @param {any} handler @param {any} given */
  addHandler(client, handler, given) {
    const { params, ...options } = given ?? {};
    return client.addHandler(this.pattern.filter(params), this.#taker(handler), given && options);
  }

  /** @param {any} client @param {any} given */
  messages(client, given) {
    const { params, ...options } = given ?? {};
    const messages = client.messages(this.pattern.filter(params), given && options);
    return new TypedMessages(client, messages, (message) => this.read(message));
  }
}

/** The messages of a loop that can be read. Others are acknowledged, and reported to `on_error`. */
class TypedMessages {
  /** @param {any} client @param {AsyncIterableIterator<any>} messages @param {(message: any) => any} read */
  constructor(client, messages, read) {
    this.client = client;
    this.inner = messages;
    this.read = read;
  }

  async next() {
    for (;;) {
      const result = await this.inner.next();
      if (result.done) return result;
      try {
        return { done: false, value: await this.read(result.value) };
      } catch (thrown) {
        result.value.ack();
        report(this.client, "a loop over a typed topic", thrown);
      }
    }
  }

  return() {
    return this.inner.return?.();
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/** A rejection that nobody looks at does not end the process. @template T @param {Promise<T>} promise */
function quiet(promise) {
  promise.catch(() => {});
  return promise;
}
