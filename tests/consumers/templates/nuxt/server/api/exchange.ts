import * as lib from "mqtt-lib";
import { exchange } from "~~/exchange.mjs";

export default defineEventHandler((event) => {
  const { broker, name } = getQuery(event);
  return exchange(lib, broker, name);
});
