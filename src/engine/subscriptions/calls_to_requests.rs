//! Calls of `subscribe` and `unsubscribe` become requests: packets of at most `maxfilters` filters, and no SUBSCRIBE for
//! what is asked for again on this connection anyway. Never sends.

use super::request::{place_of, Caller, Request, Stage};
use super::{Call, Contents, Filter, Handler, Kind, Subscriptions};
use crate::engine::deadline::NEVER;
use crate::engine::effects::Effects;
use crate::engine::error::{Code, Error};
use crate::engine::output::Token;

impl Subscriptions {
    /// Asks for filters, each with its largest QoS so far. Their messages are routed to `handler` too.
    pub fn subscribe(&mut self, call: Call, handler: Option<Handler>) {
        let Call { seq, token, .. } = call;
        let mut own = Vec::new();
        let mut joined = 0;
        for (place, mut filter) in (0..).zip(call.filters) {
            let known = self.find(&filter.filter).map_or(0, |entry| entry.options & 3);
            filter.options = filter.options & !3 | known.max(filter.options & 3);
            let mut is_joined = false;
            if let Some((request, at)) = self.find_to_join(&filter, &call.properties) {
                is_joined = true;
                request.join(Caller {
                    seq,
                    token,
                    at: Some(at),
                    places: vec![place],
                    since: NEVER,
                });
            }
            if let Some(handler) = handler {
                self.attach(&filter.filter, handler, seq);
            }
            let entry = self.entry(&filter.filter);
            entry.options = filter.options;
            if entry.last_call == 0 && entry.granted.is_none() {
                entry.first_call = seq;
            }
            entry.last_call = seq;
            match is_joined {
                true => joined += 1,
                false => own.push((place, filter)),
            }
        }
        let caller = (seq, token);
        self.push_requests(
            Kind::Subscribe,
            caller,
            own,
            &call.properties,
            call.together,
            joined,
        );
    }

    /// The request that asks again for this filter, in the same way, and as the last one. One that waits to restore it in another
    /// way leaves it to the call.
    fn find_to_join(&mut self, filter: &Filter, properties: &[u8]) -> Option<(&mut Request, usize)> {
        let (slot, at) = self.find_requested_again(&filter.filter)?;
        let last_call = self.find(&filter.filter)?.last_call;
        let request = self.requests.get(slot)?;
        let contents = &request.contents;
        let is_same = contents.kind == Kind::Subscribe
            && contents.filters[at].options == filter.options
            && last_call <= request.last_call(at)
            && contents.properties == properties;
        if !is_same && request.restores && request.stage == Stage::Waiting && !request.is_joined() {
            self.requests.drop_filter(slot, at);
            self.unsettle(&filter.filter);
        }
        match is_same {
            true => Some((self.requests.get(slot)?, at)),
            false => None,
        }
    }

    /// Calls of subscribe for these filters that are unanswered end: at once, or if they are on the wire of a connection
    /// that lives, with the SUBACK or with the connection.
    pub fn unsubscribe(&mut self, call: Call, is_online: bool, effects: &mut Effects) {
        // Not for each of many calls of unsubscribe: all that is unanswered would be put in order each time.
        let is_asked_for = |one: &Filter| self.requests.has_subscribe(&one.filter);
        let unanswered = match call.filters.iter().any(is_asked_for) {
            true => self.requests.in_order(),
            false => Vec::new(),
        };
        let is_ended = |one: &Filter| place_of(&call.filters, &one.filter).is_some();
        // The parts of a call have its number; one that is still wanted keeps the others.
        let mut wanted = Vec::new();
        for &(seq, slot) in &unanswered {
            if let Some(request) = self.requests.get(slot) {
                let contents = &request.contents;
                if contents.kind == Kind::Unsubscribe
                    || request.restores
                    || request.is_joined()
                    || !contents.filters.iter().all(is_ended)
                {
                    wanted.push(seq);
                }
            }
        }
        for &(seq, slot) in &unanswered {
            let Some(request) = self.requests.get(slot) else {
                continue;
            };
            if wanted.binary_search(&seq).is_ok() {
                continue;
            }
            request.cancelled = true;
            if !is_online || request.stage == Stage::Waiting {
                self.cancel(slot, effects);
            }
        }
        // What a later call asks for comes behind this, so it joins nothing that is before it.
        for Filter { filter, .. } in &call.filters {
            if let Some(entry) = self.find(filter) {
                (entry.options, entry.request) = (0, None);
            }
        }
        let filters = (0..).zip(call.filters).collect();
        let caller = (call.seq, call.token);
        self.push_requests(
            Kind::Unsubscribe,
            caller,
            filters,
            &call.properties,
            call.together,
            0,
        );
    }

    /// Requests for these filters, each behind its place in the call; `joined` others of the call have joined requests.
    pub(super) fn push_requests(
        &mut self,
        kind: Kind,
        (seq, token): (u64, Option<Token>),
        filters: Vec<(u32, Filter)>,
        properties: &[u8],
        together: usize,
        joined: usize,
    ) {
        let together = together.max(1);
        let is_split = joined > 0 || filters.len() > together;
        if let (Some(token), true) = (token, is_split) {
            self.calls.begin(token, joined + filters.len().div_ceil(together));
        }
        let mut rest = filters.into_iter();
        while rest.len() > 0 {
            let (mut places, mut filters) = (Vec::new(), Vec::new());
            for (place, filter) in rest.by_ref().take(together) {
                filters.push(filter);
                if is_split {
                    places.push(place);
                }
            }
            let contents = Contents {
                kind,
                filters,
                properties: properties.to_vec(),
            };
            let caller = Caller {
                seq,
                token,
                at: None,
                places,
                since: NEVER,
            };
            self.requests
                .push(Request::new(caller, contents), self.filters.keys);
        }
    }

    /// `unsubscribe` was called before this call of subscribe was answered.
    pub(super) fn cancel(&mut self, slot: u32, effects: &mut Effects) {
        self.requests.forget_queued(slot);
        let error = Error::new(
            Code::SubscribeFailed,
            "unsubscribe() came before the answer to this subscribe()",
        );
        while let Some((caller, _)) = self.take_caller((slot, 0), effects) {
            self.end(Kind::Subscribe, caller, Err(error.clone()), effects);
        }
        // One of a lost connection still holds its identifier; `connected` or `drain` forgets it, and gives that back.
        let is_held = |request: &Request| request.packet_id.is_some();
        if !self.requests.look_at(slot).is_some_and(is_held) {
            self.take_all_back(slot, effects);
        }
    }
}
