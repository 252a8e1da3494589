// The connection of one client: reads messages and writes acknowledgements, with one write for each chunk; with `echo` it
// sends everything back, for round trips.

import { answer, Frames, frame, isClose } from "./frames.mjs";
import { Sink } from "./sink.mjs";

const NO_MASK = new Uint8Array(4);

export class Connection {
  sink = new Sink();
  echo = false;
  /** Called after each chunk. */
  onChunk = () => {};
  /** One frame for each acknowledgement, as brokers do it, instead of one for all acknowledgements of a chunk. */
  separate = false;
  #back = [];

  constructor(socket, ws) {
    this.socket = socket;
    this.ws = ws;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    const piece = (...args) => this.#piece(...args);
    const frames = new Frames(piece, (opcode, payload) => {
      const bytes = answer(opcode, payload);
      if (bytes) socket.write(bytes);
      if (isClose(opcode)) socket.end();
    });
    socket.on("data", (chunk) => {
      if (ws) frames.feed(chunk);
      else piece(chunk, 0, chunk.length, NO_MASK, 0);
      this.#answer();
      this.onChunk();
    });
    socket.on("end", () => socket.end());
  }

  #piece(chunk, at, end, mask, phase) {
    if (!this.echo) return this.sink.feed(chunk, at, end, mask, phase);
    const bytes = Buffer.from(chunk.subarray(at, end));
    for (let i = 0; i < bytes.length; i++) bytes[i] ^= mask[(at + i + phase) & 3];
    this.#back.push(bytes);
  }

  #answer() {
    const acks = this.echo ? this.#takeBack() : this.sink.take();
    if (acks === null) return;
    if (!this.ws) this.socket.write(acks);
    else if (this.separate && !this.echo && acks.length > 4) this.socket.write(eachFramed(acks));
    else this.socket.write(frame(acks));
  }

  #takeBack() {
    if (this.#back.length === 0) return null;
    const back = Buffer.concat(this.#back);
    this.#back = [];
    return back;
  }
}

function eachFramed(acks) {
  const frames = [];
  for (let at = 0; at < acks.length; at += 2 + acks[at + 1]) {
    frames.push(frame(acks.subarray(at, at + 2 + acks[at + 1])));
  }
  return Buffer.concat(frames);
}
