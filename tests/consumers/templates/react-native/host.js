// What React Native gives beside its engine, for Hermes alone; and, as its WebSocket, a broker of MQTT 3.1.1 for short packets
// that sends to the topic "…/in" what the client publishes to "…/out". The command `hermes` calls timers at once.
globalThis.global = globalThis;
globalThis.performance = { now: () => Date.now() };
globalThis.queueMicrotask = (work) => Promise.resolve().then(work);
globalThis.console = { log: print, warn: print, error: print };
globalThis.BROKER = "ws://broker";
globalThis.TOPIC = "hermes";

globalThis.WebSocket = function () {
  const later = (name, event) => setTimeout(() => this[name]?.(event), 0);
  const answer = (...bytes) => later("onmessage", { data: new Uint8Array(bytes).buffer });
  const end = () => later("onclose", { type: "close", code: 1000, reason: "" });
  const handle = ([first, , ...body]) => {
    const [high, low] = body;
    const type = first >> 4;
    if (type === 1) answer(0x20, 2, 0, 0);
    if (type === 8) answer(0x90, 3, high, low, 1);
    if (type === 10) answer(0xb0, 2, high, low);
    if (type === 3) {
      const name = body.slice(2, 2 + low);
      const echo = Array.from(`${String.fromCharCode(...name).slice(0, -4)}/in`, (letter) =>
        letter.charCodeAt(0),
      );
      const [one, two, ...payload] = body.slice(2 + low);
      answer(0x40, 2, one, two);
      answer(0x30, 2 + echo.length + payload.length, 0, echo.length, ...echo, ...payload);
    }
    if (type === 14) end();
  };
  Object.assign(this, {
    url: "",
    bufferedAmount: 0,
    close: end,
    addEventListener() {},
    removeEventListener() {},
  });
  this.send = (data) => {
    const bytes = Array.from(data);
    while (bytes.length > 0) handle(bytes.splice(0, bytes[1] + 2));
  };
  later("onopen", { type: "open" });
};
