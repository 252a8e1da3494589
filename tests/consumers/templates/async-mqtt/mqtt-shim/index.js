module.exports = require("mqtt-lib/mqttjs");
