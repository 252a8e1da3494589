import * as lib from "mqtt-lib";
import { talk } from "../../talk.mjs";

export const dynamic = "force-dynamic";

export async function GET(request) {
  const { searchParams } = new URL(request.url);
  return Response.json(await talk(lib, searchParams.get("broker"), searchParams.get("name")));
}
