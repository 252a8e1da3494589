// Runs the bundle of Wrangler in workerd, and prints the answers of two requests.
import { readdirSync } from "node:fs";
import { Miniflare } from "miniflare";

const [, , folder, broker, name] = process.argv;
const wasm = readdirSync(folder).filter((file) => file.endsWith(".wasm"));
const miniflare = new Miniflare({
  compatibilityDate: "2026-04-01",
  modulesRoot: folder,
  modules: [
    { type: "ESModule", path: `${folder}/worker.js` },
    ...wasm.map((file) => ({ type: "CompiledWasm", path: `${folder}/${file}` })),
  ],
});
for (const request of [1, 2]) {
  const query = new URLSearchParams({ broker, name: `${name}-${request}` });
  const answer = await miniflare.dispatchFetch(`http://worker/?${query}`);
  console.log(await answer.text());
}
await miniflare.dispose();
