//! `online` and `offline` of a page or worker, as long as a client is in use. Node has neither.

use js_sys::Function;

use super::platform;

pub struct Network {
    listener: Function,
}

/// Whether an event of this kind says that there is a network.
pub fn is_online(kind: &str) -> Option<bool> {
    match kind {
        "online" => Some(true),
        "offline" => Some(false),
        _ => None,
    }
}

impl Network {
    pub fn listen(listener: &Function) -> Network {
        platform::listen(listener, true);
        Network {
            listener: listener.clone(),
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        platform::listen(&self.listener, false);
    }
}
