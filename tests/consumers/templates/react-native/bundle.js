// Bundles for Android as a release does.
const { loadConfig, runBuild } = require("metro");

loadConfig().then((config) =>
  runBuild(config, { entry: "index.js", platform: "android", out: "out/main.js", dev: false, minify: false }),
);
