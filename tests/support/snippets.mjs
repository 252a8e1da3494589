// Runs the snippets of the README and the guides unchanged, each in a process of its own. Only ports differ: a preload module
// redirects connections to 1883, 9001 and 8883 to a Mosquitto, where an observer receives what is published. Port 8883
// requires a client certificate; "ca.pem", "device.pem" and "device.key" are in the working folder of the snippet.

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import mqtt from "mqtt";
import { makeCertificates, startTlsMosquitto } from "./certificates.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLI = join(ROOT, "dist", "cli.cjs");
const TARGET = join(ROOT, "target");

/** The fenced code blocks, each with the heading above it and the output below it. */
export function snippets(markdown) {
  const found = [];
  let heading = "";
  for (const [, title, language, body] of markdown.matchAll(/^#+ (.*)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    else if (language === "text") found.at(-1).prints = body;
    else found.push({ heading, language, body, prints: "" });
  }
  return found;
}

export async function startSnippets() {
  mkdirSync(TARGET, { recursive: true });
  const folder = mkdtempSync(join(TARGET, "snippets-")); // within the project, so that "mqtt-lib" resolves to it
  const certificates = makeCertificates();
  const device = certificates.issue("device", { names: "DNS:device" });
  const files = { "ca.pem": certificates.ca, "device.pem": device.cert, "device.key": device.key };
  for (const [name, path] of Object.entries(files)) copyFileSync(path, join(folder, name));
  const broker = await startTlsMosquitto(certificates, { mutual: true });
  const preload = `
    import net from "node:net";
    import tls from "node:tls";
    import { syncBuiltinESMExports } from "node:module";
    const ports = { 1883: ${broker.port}, 9001: ${broker.wsPort}, 8883: ${broker.tlsPort} };
    const redirected = (connect) => (to, ...rest) => {
      if (!(to.port in ports)) throw new Error("a snippet connects to port " + to.port);
      return connect({ ...to, port: ports[to.port] }, ...rest);
    };
    net.connect = net.createConnection = redirected(net.connect);
    tls.connect = redirected(tls.connect);
    syncBuiltinESMExports();
  `;
  writeFileSync(join(folder, "preload.mjs"), preload);
  const observer = await mqtt.connectAsync(broker.url);
  let seen = [];
  observer.on("message", (topic, payload) => seen.push(`${topic} ${payload}`));
  await observer.subscribeAsync("test/#", { qos: 2 });
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

  return {
    async stop() {
      await observer.endAsync(true);
      await broker.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    forget() {
      seen = [];
    },
    /** The messages published since `forget`, once there are `count`; a message of the observer marks the end. */
    async everythingSeen(count) {
      while (seen.length < count) await pause();
      await observer.publishAsync("test/end", "", { qos: 2 });
      while (seen.at(-1) !== "test/end ") await pause();
      return seen.slice(0, -1);
    },
    run(name, language, body) {
      if (language === "sh") return runFile(folder, "/bin/bash", [writeShell(folder, name, body)]);
      const file = join(folder, `${name}.${language === "js" ? "mjs" : "cjs"}`);
      writeFileSync(file, body);
      return runFile(folder, process.execPath, ["--import", join(folder, "preload.mjs"), file]);
    },
  };
}

/** A shell script in which `mqtt-lib` is the command that was built. */
function writeShell(folder, name, body) {
  const command = `exec "${process.execPath}" --import "${join(folder, "preload.mjs")}" "${CLI}" "$@"\n`;
  writeFileSync(join(folder, "mqtt-lib"), `#!/bin/sh\n${command}`, { mode: 0o755 });
  const file = join(folder, `${name}.sh`);
  writeFileSync(file, `PATH="${folder}:$PATH"\n${body}`);
  return file;
}

function runFile(folder, command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60_000,
    });
    const result = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].on("data", (text) => {
        result[name] += text;
      });
    }
    child.on("close", (code) => resolve({ ...result, code }));
  });
}
