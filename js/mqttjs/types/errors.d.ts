// Errors that have more than a sentence, and the names of reason codes.

import type { ISubackPacket } from "./packets.js";

/** The broker's reason code is its `code`. */
export class ErrorWithReasonCode extends Error {
  code: number;
  constructor(message: string, code: number);
}

export class ErrorWithSubackPacket extends Error {
  packet: ISubackPacket;
  constructor(message: string, packet: ISubackPacket);
}

/** Names of return and reason codes. */
export const ReasonCodes: { [code: number]: string };
