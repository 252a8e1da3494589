import * as lib from "mqtt-lib";
import { exchange } from "../../../exchange.mjs";

export async function GET({ url }) {
  const { searchParams } = url;
  return new Response(`${await exchange(lib, searchParams.get("broker"), searchParams.get("name"))}`);
}
