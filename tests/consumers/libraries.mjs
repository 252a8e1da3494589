// Tools and libraries that run nothing of the package, or hold what it makes: linters that resolve imports, stores of state.

import { bin, program } from "./support/kinds.mjs";
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

export const LIBRARIES = [
  program(
    "stores of state: MobX, Immer, Zustand, Redux, Jotai, Valtio",
    "stores",
    "Node",
    ["esm.mjs"],
    undefined,
    {
      write: "Valtio: `ref(client)`",
    },
  ),
  resolved,
];
