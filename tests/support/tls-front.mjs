// A TLS server in front of a broker: records ALPN, SNI and certificate of each handshake, then forwards everything. Its TLS
// settings may be changed while it runs.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createServer } from "node:tls";

/** `port` is that of the broker; `server` has the paths `cert` and `key`. */
export async function startTlsFront(port, { server, ca, protocols, mutual = true }) {
  const seen = [];
  const sockets = new Set();
  const context = ({ cert, key }) => ({
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: readFileSync(ca),
  });
  const front = createServer(
    { ...context(server), requestCert: mutual, rejectUnauthorized: mutual, ALPNProtocols: protocols },
    (client) => {
      seen.push({
        alpn: client.alpnProtocol,
        sni: client.servername,
        subject: client.getPeerCertificate().subject?.CN,
        serial: client.getPeerCertificate().serialNumber,
      });
      const broker = connect(port, "127.0.0.1");
      for (const socket of [client, broker]) {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          client.destroy();
          broker.destroy();
        });
      }
      client.pipe(broker).pipe(client);
    },
  );
  front.on("tlsClientError", () => {});
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return {
    port: front.address().port,
    seen,
    /** Uses another certificate from the next handshake on. */
    use: (other) => front.setSecureContext(context(other)),
    /** Closes all connections; new ones are accepted. */
    drop() {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    async stop() {
      front.close();
      this.drop();
    },
  };
}
