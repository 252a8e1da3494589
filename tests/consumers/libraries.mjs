// Tools and libraries that run nothing of the package, or hold what it makes: linters that resolve imports, stores of state.

import assert from "node:assert/strict";
import { bin } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";

const resolved = {
  name: "ESLint 9: eslint-plugin-import, import-x and n resolve each entry",
  peer: false,
  async works({ project, row }) {
    const cwd = await project("eslint");
    await run(cwd, bin("eslint")(cwd), ["main.mjs"]);
    // They do look: an entry that is not there is an error of each of them.
    const said = await run(cwd, bin("eslint")(cwd), ["missing.mjs"]).catch(({ message }) => message);
    for (const rule of ["import/no-unresolved", "import-x/no-unresolved", "n/no-missing-import"])
      if (!said.includes(rule)) throw new Error(`error: ${rule} finds nothing wrong in missing.mjs: ${said}`);
    Object.assign(row, { builds: "yes", runs: "" });
  },
};

/** Ten messages by a client as it comes out of each. */
const stores = {
  name: "stores of state: MobX, Immer, Zustand, Redux, Jotai, Valtio",
  write: "Valtio: `ref(client)`",
  runs: "tcp",
  async works({ project, broker, topic, row }) {
    const cwd = await project("stores");
    assert.equal(await run(cwd, process.execPath, ["esm.mjs", broker, topic]), "60\n");
    Object.assign(row, { runs: `Node ${process.versions.node}`, exchanged: "6 times 10" });
  },
};

export const LIBRARIES = [stores, resolved];
