const { exchange } = require("./exchange.cjs");
const lib = require("mqtt-lib");

exchange(lib, ...process.argv.slice(2)).then((count) => console.log(count));
