// Creates keys, CAs and certificates for one test run with the program openssl, and deletes them at its end. Owns their
// folder, and listeners of Mosquitto that use them. They are never committed or reused.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMosquitto } from "./mosquitto.mjs";
import { freePort, untilAccepts } from "./ports.mjs";

const LOCAL = "DNS:localhost,IP:127.0.0.1";

/** A folder with a CA; `issue` creates certificates. Paths are those of PEM files. */
export function makeCertificates() {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-certificates-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = (name) => join(folder, name);
  const openssl = (...args) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

  /** A key, and a certificate for it that `signer` signs. */
  function make(name, extension, days, signer) {
    writeFileSync(path(`${name}.ext`), `${extension}\n`);
    openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const what = ["-in", `${name}.csr`, "-out", `${name}.pem`, "-extfile", `${name}.ext`];
    openssl("x509", "-req", ...what, "-days", `${days}`, ...signer);
    return { cert: path(`${name}.pem`), key: path(`${name}.key`) };
  }

  /** A CA; returns the path of its certificate. With `days` below zero it has expired. */
  function authority(name, days = 30) {
    return make(name, "basicConstraints=critical,CA:TRUE", days, ["-signkey", `${name}.key`]).cert;
  }

  /** A key and its certificate. Called again with the same name it renews them. */
  function issue(name, { names = LOCAL, by = "ca", days = 30 } = {}) {
    const signer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"];
    return make(name, `subjectAltName=${names}`, days, signer);
  }

  const ca = authority("ca");
  return { folder, path, openssl, authority, issue, ca, read: (name) => readFileSync(path(name), "utf8") };
}

/** A Mosquitto with TLS on `tlsPort` and `wssPort`; with `mutual` it requires a client certificate. */
export async function startTlsMosquitto(certificates, { server, mutual = false, more = "", ...rest } = {}) {
  const { cert, key } = server ?? certificates.issue("server");
  const [tlsPort, wssPort] = [await freePort(), await freePort()];
  const tls = [
    `cafile ${certificates.ca}`,
    `certfile ${cert}`,
    `keyfile ${key}`,
    `require_certificate ${mutual}`,
  ].join("\n");
  const broker = await startMosquitto({
    ...rest,
    config: [
      `listener ${tlsPort} 127.0.0.1\n${tls}`,
      `listener ${wssPort} 127.0.0.1\nprotocol websockets\n${tls}`,
      more,
    ].join("\n"),
  });
  try {
    await Promise.all([untilAccepts(tlsPort), untilAccepts(wssPort)]);
  } catch (error) {
    await broker.stop();
    throw error;
  }
  return {
    ...broker,
    tlsPort,
    wssPort,
    tlsUrl: `mqtts://127.0.0.1:${tlsPort}`,
    wssUrl: `wss://127.0.0.1:${wssPort}/mqtt`,
  };
}
