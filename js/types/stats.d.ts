// What a client says of itself: its state and its figures.

/**
 * `"idle"`: never started. `"connecting"`: no connection was accepted yet. `"connected"`: CONNACK said
 * yes. `"reconnecting"`: between two connections. `"stopped"`: `stop()` has sent its DISCONNECT, or was
 * called without a connection.
 */
export type State = "idle" | "connecting" | "connected" | "reconnecting" | "stopped";

/** Counters of one client, from its construction on. */
export interface Stats {
  /** Messages handed to the connection; a batch is one, a message sent again is not counted again. */
  sent: number;
  /** Messages received. */
  received: number;
  /** Bytes handed to the connection, of all packets. */
  bytesSent: number;
  /** Bytes received, of all packets. */
  bytesReceived: number;
  /** QoS 1 and 2 messages that are sent and not acknowledged to the end. */
  inFlight: number;
  /** Messages that wait: offline, behind `maxinflight`, in the queue, and items in batches. */
  queued: number;
  /** Bytes of these, with topics and headers. */
  bytesQueued: number;
  /**
   * Messages given up: by `offlinepolicy`, `offlineexpiry`, `publishtimeout` (before they were sent) or
   * `maxpacketsize`, or of QoS 0 at `maxunhandled` where the socket cannot be paused, and those that waited
   * in a loop over `messages()` which was left.
   */
  dropped: number;
  /** Accepted connections after the first one. */
  reconnects: number;
  /** How often a connection was begun. */
  attempts: number;
  /** Messages received and not dealt with: their handlers' promises, or the loop, or the application's `ack()`, are awaited. */
  unhandled: number;
  /**
   * Publishes, SUBSCRIBE and UNSUBSCRIBE packets on the wire, or next, with nothing else beside them, because connections
   * ended right after they were sent. Each is answered, or rejects with `BROKER_CLOSES`.
   */
  suspects: number;
  /** Seconds since the oldest of these arrived; absent if there is none. */
  oldestUnhandled?: number;
  /** Seconds since the last message came; absent if there was none. */
  lastMessage?: number;
  /**
   * Half of the acknowledgements came within so many seconds after `publish()`; absent if there was none. One publish of QoS 1
   * or 2 at a time is timed, and the last 256 count.
   */
  ackP50?: number;
  /** The same, for 99 of 100. */
  ackP99?: number;
  /** Seconds until the next attempt to connect; absent unless one waits for its time. `start()` makes it now. */
  reconnectIn?: number;
}
