//! Which handlers match a topic: a tree of topic levels, so the answer does not slow down with the number of filters
//! (§4.7). Holds numbers of handlers and never calls one.

use crate::codec::topic;
use crate::engine::format::split_once;
use crate::engine::interner::{HashKeys, Interner};

#[derive(Debug, Default, Clone)]
struct Node {
    /// Each behind the number of the filter that it belongs to.
    handlers: Vec<(u32, u32)>,
    parent: u32,
    children: Vec<u32>,
}

/// In place of the number of a filter, of a handler that is there without a subscription.
pub(super) const WATCHER: u32 = u32::MAX;
/// In place of a handler, of a subscription, which may have none: those that watch its filter belong to it.
pub(super) const NOBODY: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Router {
    /// From a node to a child: the node's number, then the level. The child's number is the edge's plus one: 0 is the
    /// root.
    edges: Interner,
    nodes: Vec<Node>,
}

const ROOT: u32 = 0;

/// The name of an edge.
fn edge(parent: u32, level: &str) -> Vec<u8> {
    let mut name = Vec::with_capacity(4 + level.len());
    name.extend_from_slice(&parent.to_le_bytes());
    name.extend_from_slice(level.as_bytes());
    name
}

impl Router {
    pub fn new(keys: HashKeys) -> Self {
        Router {
            edges: Interner::new(keys),
            nodes: Vec::new(),
        }
    }

    /// `filter` has been checked, `of` is its number; for a shared subscription the part behind the share name counts.
    pub fn insert(&mut self, filter: &str, of: u32, handler: u32) {
        let mut at = ROOT;
        self.node(ROOT);
        let mut rest = Some(topic::shared(filter));
        while let Some(levels) = rest {
            let (level, behind) = split_once(levels, b'/');
            rest = behind;
            let known = self.edges.len();
            let child = self.edges.insert(&edge(at, level)) + 1;
            self.node(child).parent = at;
            if self.edges.len() > known {
                self.node(at).children.push(child);
            }
            at = child;
        }
        self.node(at).handlers.push((of, handler));
    }

    /// Takes back one `insert`.
    pub fn remove(&mut self, filter: &str, of: u32, handler: u32) {
        let mut at = ROOT;
        let mut rest = Some(topic::shared(filter));
        while let Some(levels) = rest {
            let (level, behind) = split_once(levels, b'/');
            rest = behind;
            match self.child(at, level) {
                Some(child) => at = child,
                None => return,
            }
        }
        let handlers = &mut self.node(at).handlers;
        if let Some(place) = handlers.iter().position(|&one| one == (of, handler)) {
            handlers.remove(place);
        }
        while at != ROOT {
            let node = self.node(at);
            if !node.children.is_empty() || !node.handlers.is_empty() {
                return;
            }
            let parent = node.parent;
            self.edges.remove(at - 1);
            let children = &mut self.node(parent).children;
            if let Some(place) = children.iter().position(|&child| child == at) {
                children.swap_remove(place);
            }
            at = parent;
        }
    }

    /// Handlers whose filter matches a topic, or overlaps with a filter, each behind the number of its filter; one that
    /// watches a filter behind the number of a subscription to it.
    pub fn route(&self, topic: &str) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        // A leading wildcard matches no `$` topic [MQTT-4.7.2-1].
        let system = topic.starts_with('$');
        let mut open = vec![(ROOT, Some(topic), system)];
        while let Some((at, rest, system)) = open.pop() {
            // `sport/#` also matches `sport` [MQTT-4.7.1-2].
            if let (false, Some(all)) = (system, self.child(at, "#")) {
                self.collect(all, &mut found);
            }
            let Some(all) = rest else {
                self.collect(at, &mut found);
                continue;
            };
            let (level, rest) = split_once(all, b'/');
            if level == "#" {
                self.collect(at, &mut found);
            }
            if let "#" | "+" = level {
                let rest = if level == "#" { Some(all) } else { rest };
                // Without any handler there is not even the root.
                for &child in self.nodes.get(at as usize).map_or(&[][..], |node| &node.children) {
                    open.push((child, rest, false));
                }
                continue;
            }
            if let Some(child) = self.child(at, level) {
                open.push((child, rest, false));
            }
            if let (false, Some(any)) = (system, self.child(at, "+")) {
                open.push((any, rest, false));
            }
        }
        found
    }

    fn collect(&self, at: u32, found: &mut Vec<(u32, u32)>) {
        let handlers = self.nodes.get(at as usize).map_or(&[][..], |node| &node.handlers);
        let own = handlers.iter().map(|one| one.0).min();
        for &(of, handler) in handlers {
            let of = if of == WATCHER { own.unwrap_or(of) } else { of };
            found.push((of, handler));
        }
    }

    fn child(&self, at: u32, level: &str) -> Option<u32> {
        Some(self.edges.find(&edge(at, level))? + 1)
    }

    fn node(&mut self, number: u32) -> &mut Node {
        let number = number as usize;
        while number >= self.nodes.len() {
            self.nodes.push(Node::default());
        }
        &mut self.nodes[number]
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
        let mut router = Router::new(HashKeys::new(&mut crate::engine::random::Random::new(1)));
        for filter in ["#", "+", "+/a", "a/#"] {
            assert_eq!(router.route(filter), [], "{filter}");
        }
        for (i, filter) in (0u32..).zip(filters) {
            router.insert(filter, i, i);
        }
        for topic in topics {
            let expected: Vec<u32> = (0u32..)
                .zip(filters)
                .filter(|(_, filter)| topic::matches(filter, topic))
                .map(|(i, _)| i)
                .collect();
            let mut found: Vec<u32> = router.route(topic).iter().map(|one| one.1).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{topic}");
        }
        for (i, filter) in (0u32..).zip(filters) {
            router.remove(filter, i, i);
        }
        assert_eq!(router.edges.len(), 0);
        assert!(router.nodes[0].children.is_empty());
    }
}
