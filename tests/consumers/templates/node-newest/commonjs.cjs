const { talk } = require("./talk.cjs");
const lib = require("mqtt-lib");

talk(lib, ...process.argv.slice(2)).then((count) => console.log(count));
