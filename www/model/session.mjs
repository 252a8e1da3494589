// The client of the page. Owns its lifetime; panels read its state and are notified of changes.

/**
 * @param {any} MqttCustom
 * @param {{ wire: any, onMessage(message: any): void, onError(error: Error): void, onChange(): void, onStop(): void }} listener
 */
export function createSession(MqttCustom, { wire, onMessage, onError, onChange, onStop }) {
  /** @type {any} */
  let client = null;
  let limits = { batchsize: 5, queuesize: 5, publishinterval: 60 };
  /** Properties of the last CONNACK. @type {Record<string, any> | null} */
  let greeting = null;
  /** The credentials in use. @type {Record<string, any>} */
  let used = {};
  /** Why there is no connection. @type {Error | undefined} */
  let trouble;

  function stop(one) {
    onStop(); // sends what is pending
    return one.stop();
  }

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

    /** The numbers of items and the seconds after which this client sends batches and the queue. */
    get limits() {
      return limits;
    },

    /** The last error, while there is no connection. */
    get trouble() {
      return client?.connected ? undefined : trouble;
    },

    /** Whether the client has these credentials. @param {Record<string, any>} credentials */
    uses: (credentials) => JSON.stringify(credentials) === JSON.stringify(used),

    get greeting() {
      return greeting;
    },

    /** Host and port in use. */
    get address() {
      const { mqttserver = "", mqttport } = used;
      return mqttport === undefined ? mqttserver : `${mqttserver}:${mqttport}`;
    },

    /** The address as a URL, without user and password. */
    get url() {
      const { mqttprotocol = "ws", mqttserver = "localhost", mqttport, mqttpath = "/mqtt" } = used;
      if (/^\w+:\/\//.test(mqttserver)) return mqttserver.replace(/\/\/[^/]*@/, "//");
      return `${mqttprotocol}://${mqttserver}${mqttport === undefined ? "" : `:${mqttport}`}${mqttpath}`;
    },

    /** Creates a client with these credentials, and stops the previous one. @param {Record<string, any>} credentials */
    async connect(credentials) {
      const former = client;
      trouble = undefined;
      greeting = null;
      used = credentials;
      const { batchsize = 5, queuesize = 5, publishinterval = 60 } = credentials;
      limits = { batchsize, queuesize, publishinterval };
      client = new MqttCustom({
        credentials,
        autostart: false,
        wire,
        on_connect(_client, _userdata, flags, rc, properties) {
          if (rc === 0) trouble = undefined;
          if (rc === 0) greeting = { sessionPresent: flags.sessionPresent, properties, since: Date.now() };
          onChange();
        },
        on_message: (_client, _userdata, message) => onMessage(message),
        on_disconnect(_client, _userdata, rc, error) {
          if (rc !== 0) trouble = error ?? new Error(`The connection ended with code ${rc}`);
          if (trouble) onError(trouble);
          onChange();
        },
        on_error(_client, _userdata, error) {
          if (client?.connected === false) trouble = error;
          onError(error);
        },
      });
      if (former) await stop(former);
      const started = client.start();
      onChange();
      await started;
      onChange();
    },

    async disconnect() {
      const stopped = stop(client);
      onChange();
      await stopped;
      onChange();
    },
  };
}
