// One expression, for `eval` in the tests that are compiled to WebAssembly: a function that creates a simulated environment,
// `world`. It has sockets that behave like a browser's WebSocket, a small broker that follows MQTT unless a test replaces its
// answers, a clock that only `advance` moves, and a record of the console. Knows only the environment that the client needs.

(() => {
  const { clearTimeout, performance, console, process, setImmediate, setTimeout } = globalThis;
  const { warn } = console;
  const unhandled = [];
  process.on("unhandledRejection", (reason) => unhandled.push(String(reason)));

  const text = (bytes) => new TextDecoder().decode(bytes);
  const utf8 = (string) => new TextEncoder().encode(string);
  const bytesOf = (part) =>
    typeof part === "number" ? [part] : typeof part === "string" ? utf8(part) : part;

  function packet(first, ...parts) {
    const body = parts.flatMap((part) => [...bytesOf(part)]);
    const length = [];
    let rest = body.length;
    do {
      length.push((rest & 127) | (rest > 127 ? 128 : 0));
      rest >>>= 7;
    } while (rest > 0);
    return Uint8Array.from([first, ...length, ...body]);
  }
  const u16 = (n) => [n >> 8, n & 255];
  const string = (value) => [...u16(utf8(value).length), ...utf8(value)];
  const publish = (topic, payload = "", { qos = 0, pid = 1, retain = false, dup = false } = {}) =>
    packet(0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0), string(topic), qos ? u16(pid) : [], payload);
  const connack = (code = 0, present = 0) => packet(0x20, present, code);

  const NAMES =
    "0 connect connack publish puback pubrec pubrel pubcomp subscribe suback unsubscribe unsuback";
  const KINDS = [...NAMES.split(" "), "pingreq", "pingresp", "disconnect", "15"];

  /** Parses a packet, as far as tests need it. */
  function parse(first, body) {
    const kind = KINDS[first >> 4];
    const parsed = { kind, qos: (first >> 1) & 3, retain: (first & 1) === 1, dup: (first & 8) === 8, body };
    if (kind === "publish") {
      const end = 2 + ((body[0] << 8) | body[1]);
      parsed.topic = text(body.subarray(2, end));
      if (parsed.qos > 0) parsed.pid = (body[end] << 8) | body[end + 1];
      parsed.payload = body.subarray(parsed.qos > 0 ? end + 2 : end);
    } else if (kind === "connect") {
      parsed.clientId = text(body.subarray(12, 12 + ((body[10] << 8) | body[11])));
    } else if (body.length >= 2) {
      parsed.pid = (body[0] << 8) | body[1];
    }
    if (kind === "subscribe" || kind === "unsubscribe") {
      parsed.filters = [];
      for (let at = 2; at < body.length; ) {
        const end = at + 2 + ((body[at] << 8) | body[at + 1]);
        parsed.filters.push({ filter: text(body.subarray(at + 2, end)), qos: body[end] });
        at = kind === "subscribe" ? end + 1 : end;
      }
    }
    return parsed;
  }

  const ANSWERS = {
    connect: () => connack(),
    publish: ({ qos, pid }) => [null, packet(0x40, u16(pid)), packet(0x50, u16(pid))][qos],
    pubrec: ({ pid }) => packet(0x62, u16(pid)),
    pubrel: ({ pid }) => packet(0x70, u16(pid)),
    subscribe: ({ pid, filters }) =>
      packet(
        0x90,
        u16(pid),
        Uint8Array.from(filters, ({ qos }) => qos),
      ),
    unsubscribe: ({ pid }) => packet(0xb0, u16(pid)),
    pingreq: () => packet(0xd0),
  };

  class FakeSocket {
    readyState = 0;
    binaryType = "blob";
    bufferedAmount = 0;
    onopen = null;
    onmessage = null;
    onerror = null;
    onclose = null;
    /** One entry for each call of send. */
    frames = [];
    packets = [];
    closes = 0;
    #rest = new Uint8Array(0);

    constructor(world, url, protocol) {
      this.world = world;
      this.url = url;
      this.protocol = protocol;
      world.sockets.push(this);
      if (world.opens) queueMicrotask(() => this.readyState === 0 && this.open());
    }

    send(bytes) {
      if (this.readyState === 0) throw new DOMException("Still in CONNECTING state.", "InvalidStateError");
      if (this.readyState !== 1) return;
      this.frames.push(bytes.slice());
      const all = new Uint8Array(this.#rest.length + bytes.length);
      all.set(this.#rest);
      all.set(bytes, this.#rest.length);
      let at = 0;
      for (;;) {
        let [length, shift, head] = [0, 0, at + 1];
        do {
          length |= (all[head] & 127) << shift;
          shift += 7;
        } while (all[head++] > 127);
        if (head > all.length || head + length > all.length) break;
        const parsed = parse(all[at], all.slice(head, head + length));
        this.packets.push(parsed);
        this.#answer(parsed);
        at = head + length;
      }
      this.#rest = all.slice(at);
    }

    #answer(parsed) {
      const bytes = this.world.answer(parsed, ANSWERS[parsed.kind]?.(parsed), this);
      if (bytes) queueMicrotask(() => this.give(bytes));
      if (parsed.kind === "disconnect") queueMicrotask(() => this.end());
    }

    close() {
      this.closes += 1;
      if (this.readyState >= 2) return;
      this.readyState = 2;
      if (this.world.closes) queueMicrotask(() => this.end());
    }

    // ---- called by tests; a socket that is closing still delivers messages, as in a browser

    open() {
      this.readyState = 1;
      this.onopen?.({ type: "open" });
    }

    give(...chunks) {
      for (const chunk of chunks) {
        if (this.readyState === 3) return;
        const data = typeof chunk === "string" ? chunk : Uint8Array.from(chunk).buffer;
        this.onmessage?.({ type: "message", data });
      }
    }

    fail(message) {
      this.onerror?.({ type: "error", message });
      this.end();
    }

    end(reason = "") {
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.onclose?.({ type: "close", reason, code: 1006 });
    }
  }

  return () => {
    const timers = new Map();
    let last = 0;
    // Otherwise Node would end silently if a test awaits something that never happens.
    const limit = setTimeout(() => {
      process.stderr.write("a test has awaited something for 20 seconds that did not happen\n");
      process.exit(1);
    }, 20_000);
    const world = {
      now: 1000,
      sockets: [],
      log: [],
      warnings: [],
      unhandled,
      /** Whether sockets open without a call of `open`, and whether they close after a call of `close`. */
      opens: true,
      closes: true,
      /** `(packet, bytes of the correct answer, socket) => bytes` of the answer that is sent. */
      answer: (_packet, bytes) => bytes,
      /** Thrown instead of creating a socket. */
      refuses: undefined,
      connect(url, protocol) {
        if (world.refuses !== undefined) throw world.refuses;
        return new FakeSocket(world, url, protocol);
      },
      get socket() {
        return world.sockets.at(-1);
      },
      get timers() {
        return timers.size;
      },
      /** Resolves when all microtasks have run. */
      settle: () => new Promise((resolve) => setImmediate(resolve)),
      async advance(milliseconds) {
        const end = world.now + milliseconds;
        for (;;) {
          await world.settle();
          const [next] = [...timers].filter(([, t]) => t.at <= end).sort(([, a], [, b]) => a.at - b.at);
          if (next === undefined) break;
          timers.delete(next[0]);
          world.now = Math.max(world.now, next[1].at);
          next[1].work();
        }
        world.now = end;
      },
      /** Evaluates a JavaScript expression in which `world` and the functions that create packets are defined. */
      js: (source) => world.run(`return (${source}\n);`),
      /** Runs statements in the same scope. */
      run(source) {
        const names = { world, packet, u16, string, publish, connack, utf8, text };
        return new Function(...Object.keys(names), source)(...Object.values(names));
      },
      /** The PUBLISH packets of all connections, as "topic=payload" lines. */
      published: () =>
        world.sockets
          .flatMap((socket) => socket.packets)
          .filter(({ kind }) => kind === "publish")
          .map(({ topic, payload }) => `${topic}=${text(payload)}`)
          .join("\n"),
      /** The types of all packets of the latest connection. */
      kinds: () => world.socket.packets.map(({ kind }) => kind).join(" "),
      leave() {
        clearTimeout(limit);
        Object.assign(globalThis, { setTimeout, clearTimeout });
        delete performance.now;
        console.warn = warn;
      },
    };
    unhandled.length = 0;
    globalThis.setTimeout = (work, delay = 0) => {
      last += 1;
      timers.set(last, { at: world.now + delay, work });
      return last;
    };
    globalThis.clearTimeout = (id) => timers.delete(id);
    performance.now = () => world.now;
    console.warn = (...all) => world.warnings.push(all.map(String).join(" "));
    return world;
  };
})();
