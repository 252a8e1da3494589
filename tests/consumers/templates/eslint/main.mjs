import { MqttCustom } from "mqtt-lib";
import { awsIot } from "mqtt-lib/aws";
import * as bare from "mqtt-lib/bare";
import * as inline from "mqtt-lib/inline";
import mqtt from "mqtt-lib/mqttjs";
import * as otel from "mqtt-lib/otel";
import { persistent } from "mqtt-lib/persistent";
import * as react from "mqtt-lib/react";
import * as sparkplug from "mqtt-lib/sparkplug";
import * as streams from "mqtt-lib/streams";
import * as tabs from "mqtt-lib/tabs";
import * as topics from "mqtt-lib/topics";
import * as wire from "mqtt-lib/wire";

export default [
  MqttCustom,
  awsIot,
  bare,
  inline,
  mqtt,
  otel,
  persistent,
  react,
  sparkplug,
  streams,
  tabs,
  topics,
  wire,
];
