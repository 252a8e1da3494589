//! Which handlers want a topic: a tree of topic levels, so the answer does not slow down with the
//! number of filters (§4.7). Holds numbers; what they stand for is the caller's business.

use std::collections::BTreeMap;

use crate::codec::topic;

#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<Box<str>, Node>,
    handlers: Vec<u32>,
}

#[derive(Debug, Default)]
pub struct Router {
    root: Node,
}

impl Router {
    /// `filter` has been checked; for a shared subscription the part behind the share name counts.
    pub fn insert(&mut self, filter: &str, handler: u32) {
        let mut node = &mut self.root;
        for level in topic::shared(filter).split('/') {
            node = node.children.entry(level.into()).or_default();
        }
        node.handlers.push(handler);
    }

    pub fn remove(&mut self, filter: &str, handler: u32) {
        remove(
            &mut self.root,
            topic::shared(filter).split('/').collect::<Vec<_>>().as_slice(),
            handler,
        );
    }

    /// Handlers whose filter matches, each once, in the order of their numbers.
    pub fn route(&self, topic: &str) -> Vec<u32> {
        let mut found = Vec::new();
        let system = topic.starts_with('$');
        collect(&self.root, Some(topic), system, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn collect(node: &Node, rest: Option<&str>, system: bool, found: &mut Vec<u32>) {
    // `sport/#` also matches `sport` [MQTT-4.7.1-2]; a leading wildcard no `$` topic [MQTT-4.7.2-1].
    if !system {
        if let Some(all) = node.children.get("#") {
            found.extend_from_slice(&all.handlers);
        }
    }
    let Some(rest) = rest else {
        found.extend_from_slice(&node.handlers);
        return;
    };
    let (level, rest) = match rest.split_once('/') {
        Some((level, rest)) => (level, Some(rest)),
        None => (rest, None),
    };
    if let Some(child) = node.children.get(level) {
        collect(child, rest, false, found);
    }
    if !system {
        if let Some(child) = node.children.get("+") {
            collect(child, rest, false, found);
        }
    }
}

fn remove(node: &mut Node, levels: &[&str], handler: u32) {
    let Some((level, rest)) = levels.split_first() else {
        node.handlers.retain(|&h| h != handler);
        return;
    };
    if let Some(child) = node.children.get_mut(*level) {
        remove(child, rest, handler);
        if child.handlers.is_empty() && child.children.is_empty() {
            node.children.remove(*level);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_plain_matching_for_every_filter_and_topic() {
        let filters = [
            "a",
            "a/b",
            "a/+",
            "a/#",
            "+",
            "+/b",
            "#",
            "+/+",
            "/",
            "/#",
            "+/",
            "$SYS/#",
            "$SYS/+",
            "a//b",
            "a/+/b",
            "$share/g/a/+",
        ];
        let topics = [
            "a", "a/b", "a/b/c", "b", "/", "a/", "/b", "$SYS/x", "$SYS", "a//b", "é/b",
        ];
        let mut router = Router::default();
        for (i, filter) in (0u32..).zip(filters) {
            router.insert(filter, i);
        }
        for topic in topics {
            let expected: Vec<u32> = (0u32..)
                .zip(filters)
                .filter(|(_, filter)| topic::matches(filter, topic))
                .map(|(i, _)| i)
                .collect();
            assert_eq!(router.route(topic), expected, "{topic}");
        }
        for (i, filter) in (0u32..).zip(filters) {
            router.remove(filter, i);
        }
        assert!(router.root.children.is_empty());
    }
}
