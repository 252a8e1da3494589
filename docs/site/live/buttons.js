// Puts "Run" below the examples of a page of the site that a page can run, and makes them editable. The rest, 150 KiB, is loaded
// when the button is used. A classic script, because the site is also read from files.
(() => {
  // What an example needs that a page, or its broker, has not: of filters that overlap aedes 2.0.0-beta.1 gives one identifier.
  const NEEDS_MORE = /from "(?!mqtt-lib")|import "|import \w|\brequire\(|\bprocess\.|\bcerts\b|\$share|on_auth|reasonCode|subscriptionIdentifier|publish_high_priority|test\/home\/#/;
  const base = document.documentElement.dataset.base ?? "./";
  const [RUN, STOP] = ["Run in this page", "Stop"];
  let loading;

  const load = () => {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(`${base}assets/live.js`, location.href).href;
      script.onload = () => resolve(globalThis.mqttLibLive);
      script.onerror = () => {
        loading = undefined;
        reject(new Error("assets/live.js cannot be loaded; reload the page"));
      };
      document.head.append(script);
    });
    return loading;
  };

  const decorate = (code) => {
    const pre = code.closest("pre");
    const text = code.innerText;
    if (!/^import \{[^}]*\} from "mqtt-lib";/m.test(text) || NEEDS_MORE.test(text)) return;
    const bar = document.createElement("div");
    bar.className = "live";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = RUN;
    const state = document.createElement("span");
    state.setAttribute("role", "status");
    const output = document.createElement("pre");
    output.hidden = true;
    output.tabIndex = 0;
    output.setAttribute("aria-label", "What the example printed");
    bar.append(button, " ", state, output);
    pre.after(bar);
    code.contentEditable = "plaintext-only";
    code.spellcheck = false;
    code.setAttribute("aria-label", "Example, editable");

    const run = async () => {
      output.textContent = "";
      output.hidden = false;
      bar.dataset.state = "running";
      button.textContent = STOP;
      state.textContent = "It runs.";
      const print = (line) => output.append(`${line}\n`);
      try {
        const live = await load();
        await live.run(code.innerText, print);
        state.textContent = "It has ended. You can change the example and run it again.";
      } catch (error) {
        print(String(error));
        state.textContent = "It failed.";
      }
      bar.dataset.state = "ended";
      button.textContent = RUN;
    };
    button.addEventListener("click", async () => {
      if (bar.dataset.state === "running") (await load()).stop();
      else run();
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const code of document.querySelectorAll("pre > code.javascript, pre > code.js")) decorate(code);
  });
})();
