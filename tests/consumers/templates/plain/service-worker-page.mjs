navigator.serviceWorker.onmessage = ({ data }) => {
  document.title = data;
};
try {
  await navigator.serviceWorker.register("./service-worker.mjs", { type: "module" });
  const { active } = await navigator.serviceWorker.ready;
  active.postMessage(location.href);
} catch (error) {
  document.title = `failed: ${error}`;
}
