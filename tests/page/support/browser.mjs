// The browser of the tests of the page, driven by Playwright: Chromium, or with MQTT_LIB_BROWSER=firefox Debian's Firefox.

import { firefox } from "playwright-core";
import { launchChromium } from "../../support/chromium.mjs";

export const FIREFOX = process.env.MQTT_LIB_BROWSER === "firefox";

export function openBrowser() {
  return FIREFOX ? openFirefox() : launchChromium();
}

/**
 * Playwright's own protocol needs a special build of Firefox; over WebDriver BiDi it drives an unmodified one, which lacks
 * one command that Playwright sends for every page: the choice of light or dark. The tests use the button of the page for
 * that, so the command is answered here instead of sent.
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
