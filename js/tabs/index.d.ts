/**
 * The same class: its clients in all tabs of an origin that are given the same credentials share one connection to the broker, in a
 * SharedWorker, or in one of the tabs where there is none. Without Web Locks and outside of pages each client has its own.
 *
 * @module mqtt-lib/tabs
 */

export * from "mqtt-lib";
