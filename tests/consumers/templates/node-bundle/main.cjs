const lib = require("mqtt-lib");
const { exchange } = require("./exchange.cjs");

exchange(lib, ...process.argv.slice(2)).then((count) => console.log(count));
