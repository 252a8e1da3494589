import * as lib from "mqtt-lib";
import { exchange } from "../../exchange.mjs";

export async function GET({ request }) {
  const { searchParams } = new URL(request.url);
  return new Response(`${await exchange(lib, searchParams.get("broker"), searchParams.get("name"))}`);
}
