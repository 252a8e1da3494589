// The page is loaded once more when its service worker has it, which serves it then.
import * as lib from "mqtt-lib";
import { registerSW } from "virtual:pwa-register";
import { exchangeInPage } from "./exchange.mjs";

if (navigator.serviceWorker.controller) exchangeInPage(lib);
else registerSW({ immediate: true, onOfflineReady: () => location.reload() });
