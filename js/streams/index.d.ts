/**
 * `credentials.transport` in a page or worker, and a transport over `WebSocketStream`, which a slow handler can pause.
 * The import is enough for transports of your own: `import "mqtt-lib/streams"`.
 *
 * @module mqtt-lib/streams
 */

import type { Transport } from "mqtt-lib";

/**
 * For `credentials.transport`: a WebSocket that is not read while `maxunhandled` is reached, so that no message of QoS 0 is
 * dropped. Undefined where there is no `WebSocketStream`, which means the plain WebSocket.
 */
export const webSocketStream: Transport | undefined;
