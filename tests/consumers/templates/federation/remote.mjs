import * as lib from "mqtt-lib";

export { lib };
export * from "./exchange.mjs";
