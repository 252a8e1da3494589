//! `online` and `offline` of a page or worker, as long as a client is in use. Node has neither.

use js_sys::Function;

use super::host;

pub struct Network {
    ears: Function,
}

/// Whether there is a network, if an event of this kind tells.
pub fn says(kind: &str) -> Option<bool> {
    match kind {
        "online" => Some(true),
        "offline" => Some(false),
        _ => None,
    }
}

impl Network {
    pub fn listen(ears: &Function) -> Network {
        host::listen(ears, true);
        Network { ears: ears.clone() }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        host::listen(&self.ears, false);
    }
}
