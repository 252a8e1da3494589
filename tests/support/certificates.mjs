// Keys, CAs and certificates for one test run, made by the program openssl and gone with the process. Owns the
// folder they lie in, and listeners of Mosquitto that use them. Nothing here is ever committed or reused.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMosquitto } from "./mosquitto.mjs";
import { freePort, untilAccepts } from "./ports.mjs";

const LOCAL = "DNS:localhost,IP:127.0.0.1";

/** A folder with a CA; `issue` makes more. Paths are those of files in PEM form. */
export function makeCertificates() {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-certificates-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = (name) => join(folder, name);
  const openssl = (...args) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

  /** A key, and a certificate that `signer` makes of it. */
  function make(name, extension, days, signer) {
    writeFileSync(path(`${name}.ext`), `${extension}\n`);
    openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const what = ["-in", `${name}.csr`, "-out", `${name}.pem`, "-extfile", `${name}.ext`];
    openssl("x509", "-req", ...what, "-days", `${days}`, ...signer);
    return { cert: path(`${name}.pem`), key: path(`${name}.key`) };
  }

  /** A CA of this name, and the path of its certificate; `days` below zero is one that has expired. */
  function authority(name, days = 30) {
    return make(name, "basicConstraints=critical,CA:TRUE", days, ["-signkey", `${name}.key`]).cert;
  }

  /** A key and its certificate, likewise. Of the same name: a renewal. */
  function issue(name, { names = LOCAL, by = "ca", days = 30 } = {}) {
    const signer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"];
    return make(name, `subjectAltName=${names}`, days, signer);
  }

  const ca = authority("ca");
  return { folder, path, openssl, authority, issue, ca, read: (name) => readFileSync(path(name), "utf8") };
}

/** A Mosquitto with TLS on `tlsPort` and `wssPort`; `mutual` asks for a certificate of the client. */
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
