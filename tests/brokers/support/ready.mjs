// Waits until a broker accepts MQTT connections, which is later than that its port is open.

import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import mqttPacket from "mqtt-packet";

/** One CONNECT over TCP. Resolves with the return code of the CONNACK, or undefined. */
function connack(port, { version, username, password }) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const parser = mqttPacket.parser({ protocolVersion: version });
    const end = (code) => {
      resolve(code);
      socket.destroy();
    };
    parser.on("packet", (packet) => end(packet.reasonCode ?? packet.returnCode));
    parser.on("error", () => end(undefined));
    socket.on("data", (chunk) => parser.parse(chunk));
    socket.on("error", () => end(undefined));
    socket.on("close", () => end(undefined));
    socket.setTimeout(3000, () => end(undefined));
    socket.write(
      mqttPacket.generate({
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: version,
        clean: true,
        clientId: `ready${process.pid}${Math.random().toString(36).slice(2, 8)}`,
        keepalive: 30,
        username,
        password,
      }),
    );
  });
}

/** Resolves once `port` answers CONNECT with 0; `gone()` may say in a sentence why it never will. */
export async function untilConnack(
  port,
  { version = 4, seconds = 60, gone = () => undefined, ...user } = {},
) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    if ((await connack(port, { version, ...user })) === 0) return;
    const late = performance.now() > end && `no CONNACK from port ${port} in ${seconds} s`;
    if (gone() || late) throw new Error(gone() ?? late);
    await sleep(50);
  }
}
