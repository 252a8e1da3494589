// The browser of the page's tests, through Playwright: Chromium, or with MQTT_LIB_BROWSER=firefox Debian's Firefox.

import { firefox } from "playwright-core";
import { launchChromium } from "../../support/chromium.mjs";

export const FIREFOX = process.env.MQTT_LIB_BROWSER === "firefox";

export function openBrowser() {
  return FIREFOX ? openFirefox() : launchChromium();
}

/**
 * Playwright's own protocol needs a Firefox built for it; over WebDriver BiDi it drives a stock one. That one does
 * not know one command, which Playwright sends with every page: to choose light or dark. The page's own button does
 * that here, so the command is answered instead of sent.
 */
async function openFirefox() {
  const browser = await firefox.launch({ channel: "moz-firefox", executablePath: "/usr/bin/firefox-esr" });
  const inside = /** @type {any} */ (browser)._connection.toImpl(browser);
  const sessions = Object.getPrototypeOf(inside._browserSession);
  const { send } = sessions;
  sessions.send = function (method, parameters) {
    return method === "emulation.setMediaFeaturesOverride"
      ? Promise.resolve({})
      : send.call(this, method, parameters);
  };
  return browser;
}
