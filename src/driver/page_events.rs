//! Events of a page or worker that change what the client does, as long as it is in use: the network comes and goes, and
//! the page is left. Node has none of them.

use js_sys::Function;

use super::platform;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PageEvent {
    Online,
    Offline,
    /// The page is left: what is not written now may never be.
    Left,
    /// It was kept, and is shown again.
    Shown,
}

impl PageEvent {
    /// The event of this name.
    pub fn named(name: &str) -> Option<PageEvent> {
        match name {
            "online" => Some(PageEvent::Online),
            "offline" => Some(PageEvent::Offline),
            "pagehide" => Some(PageEvent::Left),
            "pageshow" => Some(PageEvent::Shown),
            _ => None,
        }
    }
}

pub struct PageEvents {
    listener: Function,
}

impl PageEvents {
    pub fn listen(listener: &Function) -> PageEvents {
        platform::listen(listener, true);
        PageEvents {
            listener: listener.clone(),
        }
    }
}

impl Drop for PageEvents {
    fn drop(&mut self) {
        platform::listen(&self.listener, false);
    }
}
