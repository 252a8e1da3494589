import * as lib from "mqtt-lib";
import { exchange } from "../../exchange.mjs";

export const runtime = "edge";

export async function GET(request) {
  const { searchParams } = new URL(request.url);
  return Response.json(await exchange(lib, searchParams.get("broker"), searchParams.get("name")));
}
