import * as lib from "mqtt-lib";
import { exchangeInPage } from "../exchange.mjs";

export default { title: "exchange" };

export const Page = {
  render() {
    exchangeInPage(lib);
    return "<p>messages</p>";
  },
};
