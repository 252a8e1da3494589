// Two builds that share the package: the host has the page, the remote the code that exchanges messages.
import { resolve } from "node:path";
import webpack from "webpack";

const { ModuleFederationPlugin } = webpack.container;
const shared = { "mqtt-lib": { singleton: true } };
const build = (name, options, entry) => ({
  mode: "production",
  entry,
  output: { path: resolve("out", name), publicPath: "auto", uniqueName: name },
  plugins: [new ModuleFederationPlugin({ name, shared, ...options })],
  performance: { hints: false },
});

export default [
  build("remote", { filename: "remote.js", exposes: { "./exchange": "./remote.mjs" } }, {}),
  build("host", { remotes: { remote: "remote@/remote/remote.js" } }, { main: "./main.mjs" }),
];
