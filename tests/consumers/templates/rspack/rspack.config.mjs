export default {
  mode: "production",
  entry: "./main.mjs",
  output: { path: `${import.meta.dirname}/out`, filename: "main.js" },
  performance: { hints: false },
};
