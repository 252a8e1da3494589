import { afterNextRender, Component } from "@angular/core";
import * as lib from "mqtt-lib";
// @ts-expect-error JavaScript without types
import { exchangeInPage } from "../exchange.mjs";

@Component({ selector: "app-root", template: "<p>messages</p>" })
export class App {
  constructor() {
    afterNextRender(() => exchangeInPage(lib));
  }
}
