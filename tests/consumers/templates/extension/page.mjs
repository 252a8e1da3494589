document.title = await chrome.runtime.sendMessage(location.href).catch((error) => `failed: ${error.message}`);
