import * as lib from "mqtt-lib";
import { talkInPage } from "./talk.mjs";

talkInPage(lib);
