const lib = require("mqtt-lib/inline");
const { talkInPage } = require("./talk.cjs");

talkInPage(lib);
