// For bundles of tests in which the client is that of the site, and the entries are those of dist/.

import { fileURLToPath } from "node:url";

/** An esbuild plugin. */
export const clientOfSite = {
  name: "client-of-site",
  setup({ onResolve }) {
    onResolve({ filter: /^mqtt-lib$/ }, () => ({ path: "/dist/browser.mjs", external: true }));
    onResolve({ filter: /^mqtt-lib\/\w+$/ }, ({ path }) => ({
      path: fileURLToPath(new URL(`../../../dist/${path.slice(9)}.mjs`, import.meta.url)),
    }));
  },
};
