// All brokers, in the order of the table. A broker has:
//   name, title       what it is selected by, and what the table shows
//   versions          the MQTT versions that it speaks
//   missing()         a sentence if it is not installed
//   start({ setting })   starts it on loopback with stock settings, changed by at most one of `settings`; resolves with
//                     `nodes` (support/node.mjs), `credentials` and `stop()`
//   settings          "large": takes 3 MB; "forbidden": forbids forbidden/#; "limits": a small packet size; "scram": SCRAM-SHA-256
//   forbidden         topic and filter that are forbidden instead
//   cannot            operation, or "operation version" -> what the broker itself cannot do. It counts only if MQTT.js fails at it
//   skips             operation -> why it is not even tried

import activemq from "./activemq.mjs";
import aedes from "./aedes.mjs";
import amqtt from "./amqtt.mjs";
import ejabberd from "./ejabberd.mjs";
import mosquitto from "./mosquitto.mjs";
import mqttv5 from "./mqttv5.mjs";
import { nats, natsCluster } from "./nats.mjs";
import { rabbitmq, rabbitmqCluster } from "./rabbitmq.mjs";
import rumqttd from "./rumqttd.mjs";

export const BROKERS = [
  mosquitto,
  aedes,
  rumqttd,
  rabbitmq,
  rabbitmqCluster,
  nats,
  natsCluster,
  ejabberd,
  mqttv5,
  amqtt,
  activemq,
];
