// What MQTT.js shows of its keep alive. The core sends the PINGREQ packets and watches the answers.

export class KeepaliveManager {
  /** @param {any} client */
  constructor(client) {
    /** In milliseconds. */
    this.keepalive = client.keepalive * 1000;
    this.intervalEvery = Math.ceil(this.keepalive / 2);
    this.keepaliveTimeoutTimestamp = Date.now() + Math.ceil(this.keepalive * 1.5);
  }

  reschedule() {}

  destroy() {}
}
