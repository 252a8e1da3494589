// A text frame, which MQTT does not allow, is reported at once: not when a peer answers that the connection ends, nor when the
// wait for that is over. In this process no timer ends, as if the wait were endless.

import assert from "node:assert/strict";
import { test } from "node:test";

const endless = { unref() {} };
globalThis.setTimeout = () => endless;
const { open, unmasked } = await import("../support/websocket-peer.mjs");

const TEXT = 1;

for (const secure of [false, true]) {
  test(`a text frame of a peer that answers nothing (${secure ? "wss" : "ws"})`, async () => {
    const { remote, socket, closed } = await open({ secure, answersClose: false });
    const failed = new Promise((resolve) => {
      socket.onerror = resolve;
    });
    const [whole, rest] = [unmasked(TEXT, Buffer.from("hello")), unmasked(TEXT, Buffer.alloc(100, "t"))];
    remote.peer.write(Buffer.concat([whole, rest]));
    assert.match((await failed).message, /sent a text frame; MQTT allows binary frames only/);
    const [close] = await remote.arrived(1);
    assert.equal(close.payload.readUInt16BE(), 1003);
    assert.equal((await closed).wasClean, false);
  });
}
