const lib = require("mqtt-lib/inline");
const { exchangeInPage } = require("./exchange.cjs");

exchangeInPage(lib);
