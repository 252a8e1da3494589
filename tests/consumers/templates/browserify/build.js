const { createWriteStream, mkdirSync } = require("node:fs");
const browserify = require("browserify");

mkdirSync("out");
browserify("main.js")
  .transform("babelify", {
    global: true,
    only: [/mqtt-lib/],
    presets: ["@babel/preset-env"],
    sourceMaps: false,
  })
  .bundle()
  .pipe(createWriteStream("out/main.js"));
