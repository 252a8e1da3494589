//! `online` and `offline` of a page or worker, as long as a client is in use. Node has neither.

use js_sys::Function;

use super::host;

const EVENTS: [&str; 2] = ["online", "offline"];

pub struct Network {
    ears: Function,
}

/// Whether there is a network, if an event of this kind tells.
pub fn says(kind: &str) -> Option<bool> {
    EVENTS.contains(&kind).then(|| kind == EVENTS[0])
}

impl Network {
    pub fn listen(ears: &Function) -> Network {
        let network = Network { ears: ears.clone() };
        network.call("addEventListener");
        network
    }

    fn call(&self, method: &str) {
        let global = js_sys::global();
        if let Some(method) = host::function(&global, method) {
            for event in EVENTS {
                let _ = method.call2(&global, &event.into(), &self.ears);
            }
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.call("removeEventListener");
    }
}
