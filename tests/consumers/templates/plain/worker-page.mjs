const worker = new Worker("./worker.mjs", { type: "module" });
worker.onmessage = ({ data }) => {
  document.title = data;
};
worker.onerror = ({ message }) => {
  document.title = `failed: ${message}`;
};
worker.postMessage(location.href);
