// The connection panel: the form's fields become `credentials`; connect, disconnect, and the state.
// Nothing typed here is stored anywhere.

import { byId } from "./dom.mjs";

export function connectionPanel(session, errors) {
  const form = byId("connection");
  const state = byId("state");
  const secure = location.protocol === "https:";
  byId("host").value ||= location.hostname || "localhost";
  byId("port").value ||= location.port || (secure ? 443 : 1883);
  byId("protocol").value = secure ? "wss" : "ws";

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    session.connect(credentialsOf(form)).catch(errors.add);
  });
  byId("disconnect").addEventListener("click", () => session.disconnect().catch(errors.add));

  return {
    /** What a one-shot publish needs to reach the same broker. */
    endpoint() {
      const { mqttserver, mqttport, mqttprotocol, mqttpath, mqttusername, mqttpassword } =
        credentialsOf(form);
      const given = {
        hostname: mqttserver,
        port: mqttport,
        mqttprotocol,
        mqttpath,
        mqttusername,
        mqttpassword,
      };
      return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    },
    refresh() {
      if (state.textContent !== session.state) {
        state.textContent = session.state;
        state.dataset.state = session.state;
      }
      byId("connect").disabled = session.running;
      byId("disconnect").disabled = !session.running;
    },
  };
}

/** Fields left empty are not given, so that the defaults of the library hold. @param {HTMLFormElement} form */
function credentialsOf(form) {
  /** @type {Record<string, string | number | boolean>} */
  const credentials = {};
  for (const field of /** @type {any} */ (form.elements)) {
    if (!field.name) continue;
    if (field.type === "checkbox") credentials[field.name] = field.checked;
    else if (field.value !== "")
      credentials[field.name] = isNumber(field) ? Number(field.value) : field.value;
  }
  return credentials;
}

function isNumber(field) {
  return field.type === "number" || field.name === "willsetqos";
}
