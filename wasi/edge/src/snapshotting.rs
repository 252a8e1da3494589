//! The retained messages under a filter, all at once. MQTT does not say where they end: they are taken to be complete when
//! none has come for a while, and a round trip to the broker has brought no further one.

use mqtt_lib::engine::{Error, Filter, Millis};

use crate::client::Client;
use crate::events::Message;
use crate::limit::Limit;
use crate::routes::SNAPSHOT;
use crate::snapshot::Snapshot;

const TIMEOUT_S: f64 = 30.0;
/// Nobody is subscribed to it: UNSUBSCRIBE is a round trip that no access rule forbids.
const MARKER: &str = "mqttlib/marker";
/// A broker that does not answer it has sent everything by then.
const MARKER_S: f64 = 5.0;

impl Client {
    /// The last retained message of each topic.
    ///
    /// # Errors
    /// As `subscribe`; `TIMEOUT`.
    pub fn snapshot(&mut self, filter: &str, quiet: Millis) -> Result<Vec<Message>, Error> {
        let limit = Limit::new(Some(TIMEOUT_S))?;
        self.engine.watch(filter, SNAPSHOT)?;
        self.takers.snapshot = Some(Snapshot::default());
        let collected = self.collect(filter, quiet, &limit);
        self.engine.unwatch(filter, SNAPSHOT);
        let snapshot = self.takers.snapshot.take().unwrap_or_default();
        if !self.subscribed.contains(filter) && self.engine.is_online() {
            let filters = vec![Filter::from(filter)];
            self.engine.unsubscribe(filters, Vec::new(), None)?;
            self.run_ready();
        }
        collected.map(|()| snapshot.into_messages())
    }

    fn collect(&mut self, filter: &str, quiet: Millis, limit: &Limit) -> Result<(), Error> {
        let filters = vec![Filter {
            filter: filter.to_owned(),
            options: 1,
        }];
        self.until_done(limit, |engine, _, token| {
            engine.subscribe(filters, Vec::new(), None, token)
        })?;
        let count = |client: &Client| client.takers.snapshot.as_ref().map_or(0, Snapshot::count);
        loop {
            let seen = count(self);
            self.sleep(limit.at_most(quiet));
            let marker = vec![Filter::from(MARKER)];
            let round_trip = self.until_done(&limit.sooner(MARKER_S), |engine, _, token| {
                engine.unsubscribe(marker, Vec::new(), token)
            });
            limit.check()?;
            match round_trip {
                Err(error) if !Limit::is_timeout(&error) => return Err(error),
                _ if count(self) == seen => return Ok(()),
                _ => {}
            }
        }
    }
}
