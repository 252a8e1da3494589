//! Messages: what a guest puts together, and what was received.

use std::cell::RefCell;
use std::rc::Rc;

use mqtt_lib_edge as edge;
use mqtt_lib_edge::properties::{put, string, Properties, Property, Value};

use crate::clients::Shared;
use crate::exports::wasi::messaging::types::{GuestMessage, Message as Handle, Metadata};

#[derive(Default)]
pub struct Content {
    pub topic: Option<String>,
    pub data: Vec<u8>,
    content_type: Option<String>,
    metadata: Option<Metadata>,
    /// Encoded, as they were received.
    pub received: Vec<u8>,
    /// The connection that it came by.
    pub client: Option<Rc<Shared>>,
}

pub struct Message(pub RefCell<Content>);

impl Content {
    pub fn received(message: edge::Message, client: &Rc<Shared>) -> Content {
        let pairs = Properties(&message.properties).filter_map(|(_, value)| match value {
            Value::Pair(name, value) => Some((name.to_owned(), value.to_owned())),
            _ => None,
        });
        let metadata: Metadata = pairs.collect();
        Content {
            topic: Some(message.topic),
            data: message.payload,
            content_type: string(&message.properties, Property::ContentType).map(str::to_owned),
            metadata: Some(metadata).filter(|pairs| !pairs.is_empty()),
            received: message.properties,
            client: Some(client.clone()),
        }
    }

    pub fn into_handle(self) -> Handle {
        Handle::new(Message(RefCell::new(self)))
    }

    /// Content type and user properties, encoded.
    pub fn properties(&self) -> Vec<u8> {
        let mut list = Vec::new();
        if let Some(text) = &self.content_type {
            put(&mut list, Property::ContentType, Value::Text(text));
        }
        for (name, value) in self.metadata.iter().flatten() {
            put(&mut list, Property::UserProperty, Value::Pair(name, value));
        }
        list
    }
}

impl GuestMessage for Message {
    fn new(data: Vec<u8>) -> Self {
        Message(RefCell::new(Content {
            data,
            ..Content::default()
        }))
    }

    fn topic(&self) -> Option<String> {
        self.0.borrow().topic.clone()
    }

    fn content_type(&self) -> Option<String> {
        self.0.borrow().content_type.clone()
    }

    fn set_content_type(&self, content_type: String) {
        self.0.borrow_mut().content_type = Some(content_type);
    }

    fn data(&self) -> Vec<u8> {
        self.0.borrow().data.clone()
    }

    fn set_data(&self, data: Vec<u8>) {
        self.0.borrow_mut().data = data;
    }

    fn metadata(&self) -> Option<Metadata> {
        self.0.borrow().metadata.clone()
    }

    fn add_metadata(&self, key: String, value: String) {
        self.remove_metadata(key.clone());
        self.0
            .borrow_mut()
            .metadata
            .get_or_insert_default()
            .push((key, value));
    }

    fn set_metadata(&self, meta: Metadata) {
        self.0.borrow_mut().metadata = Some(meta);
    }

    fn remove_metadata(&self, key: String) {
        if let Some(pairs) = &mut self.0.borrow_mut().metadata {
            pairs.retain(|(name, _)| *name != key);
        }
    }
}
