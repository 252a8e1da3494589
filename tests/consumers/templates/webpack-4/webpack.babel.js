const config = require("./webpack.config.js");

const options = { presets: [["@babel/preset-env", { targets: "chrome 70", modules: false }]] };

module.exports = {
  ...config,
  entry: "./inline.js",
  output: { path: `${__dirname}/out`, filename: "main.js" },
  module: { rules: [{ test: /\.[cm]?js$/, include: /mqtt-lib/, use: { loader: "babel-loader", options } }] },
};
