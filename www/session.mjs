// The one client of the page. Owns its life; the panels ask it and are told of changes.

/**
 * @param {any} MqttCustom
 * @param {{ onMessage(message: any): void, onError(error: Error): void, onChange(): void }} listener
 */
export function createSession(MqttCustom, { onMessage, onError, onChange }) {
  /** @type {any} */
  let client = null;

  return {
    get client() {
      return client;
    },

    get state() {
      return client === null ? "idle" : client.state;
    },

    /** True from connect to disconnect, whether or not the connection is up. */
    get running() {
      return client !== null && client.state !== "idle" && client.state !== "stopped";
    },

    /** A new client with these credentials; the one before it is stopped. @param {object} credentials */
    async connect(credentials) {
      const former = client;
      client = new MqttCustom({
        credentials,
        autostart: false,
        on_connect: onChange,
        on_message: (_client, _userdata, message) => onMessage(message),
        on_disconnect(_client, _userdata, rc, error) {
          if (rc !== 0) onError(error ?? new Error(`The connection ended with code ${rc}`));
          onChange();
        },
        on_error: (_client, _userdata, error) => onError(error),
      });
      await former?.stop();
      const started = client.start();
      onChange();
      await started;
      onChange();
    },

    async disconnect() {
      const stopped = client.stop();
      onChange();
      await stopped;
      onChange();
    },
  };
}
