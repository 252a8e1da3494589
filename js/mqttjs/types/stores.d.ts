// What keeps messages, and what gives them numbers.

import type { Any } from "./any.js";
import type { Packet } from "./packets.js";

/** A store in memory; one of another package is refused. */
export interface IStore {
  put(packet: Packet, done?: (error?: Error) => void): Any;
  get(packet: Packet, done?: (error: Error | null, packet?: Packet) => void): Any;
  del(packet: Packet, done?: (error: Error | null, packet?: Packet) => void): Any;
  createStream(): Any;
  close(done?: (error?: Error) => void): Any;
}

/** Gives numbers to publishes and requests. */
export interface IMessageIdProvider {
  allocate(): number | null;
  getLastAllocated(): number | null;
  register(messageId: number): boolean;
  deallocate(messageId: number): void;
  clear(): void;
}

export interface IStoreOptions {
  clean?: boolean;
}

export class Store implements IStore {
  constructor(options?: IStoreOptions);
  options: IStoreOptions;
  /** What the core keeps: a store of the native client. */
  readonly records: Any;
  put(packet: Packet, done?: (error?: Error) => void): this;
  get(packet: Packet, done?: (error: Error | null, packet?: Packet) => void): this;
  del(packet: Packet, done?: (error: Error | null, packet?: Packet) => void): this;
  createStream(): Any;
  close(done?: (error?: Error) => void): void;
}

export class DefaultMessageIdProvider implements IMessageIdProvider {
  allocate(): number;
  getLastAllocated(): number;
  register(messageId: number): boolean;
  deallocate(messageId: number): void;
  clear(): void;
}

export class UniqueMessageIdProvider implements IMessageIdProvider {
  allocate(): number | null;
  getLastAllocated(): number;
  register(messageId: number): boolean;
  deallocate(messageId: number): void;
  clear(): void;
}
