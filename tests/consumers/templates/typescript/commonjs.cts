import lib = require("mqtt-lib");

const client: lib.MqttCustom<string> = new lib.MqttCustom({ userdata: "me", autostart: false });
console.log(client.state satisfies lib.State);
