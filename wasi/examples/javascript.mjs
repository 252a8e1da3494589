// The component from JavaScript, made into a module by jco (`npm run build:wasi`). A call blocks the thread it is
// made on until it is done; in a server, make it in a Worker.
//   node wasi/examples/javascript.mjs localhost 1883
import { mqtt } from "../dist/js/mqtt-lib-client.js";

const [mqttserver = "localhost", port = "1883"] = process.argv.slice(2);
const bytes = (text) => new TextEncoder().encode(text);

const client = new mqtt.MqttCustom({ mqttserver, mqttport: Number(port) });
try {
  client.start();
  client.subscribe("wasi/example", { qos: 1 });
  client.publish("wasi/example", bytes("hello"), { qos: 1 });
  for (const degrees of [20.5, 21]) client.batchPublish("wasi/example", JSON.stringify({ degrees }));
  client.flush();
  for (let message = client.nextMessage(1); message; message = client.nextMessage(1)) {
    console.log(message.topic, new TextDecoder().decode(message.payload));
  }
} catch (error) {
  if (!error.payload) throw error; // not an error of the interface
  console.error(error.payload.code, error.payload.message);
  process.exitCode = 1;
} finally {
  client.stop();
}
