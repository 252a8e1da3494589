import * as lib from "mqtt-lib";
import { exchange } from "../../../exchange.mjs";

export const onGet = async ({ query, text }) => {
  text(200, `${await exchange(lib, query.get("broker"), query.get("name"))}`);
};
