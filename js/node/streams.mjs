// What `credentials.transport` gives as a `Duplex` of Node. Knows nothing of sockets.

import { Duplex } from "node:stream";

/** @param {object} streams byte streams of the WHATWG Streams standard, or a `Duplex` @returns {Duplex} */
export const toDuplex = (streams) =>
  streams instanceof Duplex
    ? streams
    : Duplex.fromWeb(/** @type {any} */ (streams), { allowHalfOpen: false });
