// @ts-nocheck The types of Node and Express are not installed.
import { join } from "node:path";
import {
  AngularNodeAppEngine,
  createNodeRequestHandler,
  writeResponseToNodeResponse,
} from "@angular/ssr/node";
import express from "express";
import * as lib from "mqtt-lib";
import { exchange } from "../exchange.mjs";

const app = express();
const engine = new AngularNodeAppEngine();

app.get("/exchange", (request, response) => {
  exchange(lib, request.query.broker, request.query.name).then(
    (count) => response.send(`${count}`),
    (error) => response.status(500).send(error.stack),
  );
});
app.use(express.static(join(import.meta.dirname, "../browser"), { index: false, redirect: false }));
app.use((request, response, next) => {
  engine
    .handle(request)
    .then((answer) => (answer ? writeResponseToNodeResponse(answer, response) : next()))
    .catch(next);
});
if (process.argv[2]) app.listen(Number(process.argv[2]), "127.0.0.1");

export const reqHandler = createNodeRequestHandler(app);
