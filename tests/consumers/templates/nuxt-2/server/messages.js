import * as lib from "mqtt-lib";
import { exchange } from "../exchange.cjs";

export default async (request, response) => {
  const { searchParams } = new URL(request.url, "http://localhost");
  response.end(`${await exchange(lib, searchParams.get("broker"), searchParams.get("name"))}`);
};
