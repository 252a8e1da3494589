//! `mqtt-lib sub`: prints messages until their number, or the time limit.

use std::collections::BTreeSet;
use std::io::Write;

use mqtt_lib_edge::{topic_matches, Client, Event, Filter, Message, Outgoing, Subscription};

use crate::credentials::Connection;
use crate::failure::{failed, usage, Failure, Outcome};
use crate::format::Printer;
use crate::properties::Lists;
use crate::session::{close, connect, debug, in_time, notice, report, Deadline};
use crate::words::Words;

pub fn subscribe(words: &Words, connection: Connection, lists: &Lists, rest: Vec<String>) -> Outcome<()> {
    let deadline = Deadline::new(words.seconds("timeout")?);
    let filters = [words.list("topic"), &connection.topics, &rest].concat();
    let left = words.list("unsubscribe");
    if filters.is_empty() && left.is_empty() {
        return usage("a topic filter is missing; give it with --topic (-t), such as -t 'test/#'");
    }
    words.exclude(&["no-retained", "retained-only"])?;
    for filter in words.list("filter-out") {
        if topic_matches(filter, "a").is_err() {
            return usage(format!(
                "--filter-out \"{filter}\" is no topic filter: + must be a whole level, and # the whole last one"
            ));
        }
    }
    let qos = words.qos()?;
    let mut output = Output {
        printer: Printer::of(words)?,
        most: words.whole("count", 1, u64::MAX)?,
        count: 0,
        removed: BTreeSet::new(),
        words,
    };
    let mut client = connect(connection, words, &deadline)?;
    let outcome = receive(&mut client, filters, qos, lists, &mut output, &deadline);
    if words.flag("remove-retained") {
        let count = output.removed.len();
        notice(&format!(
            "{count} retained message{} removed",
            if count == 1 { " was" } else { "s were" }
        ));
    }
    close(client, lists, outcome)
}

fn receive(
    client: &mut Client,
    filters: Vec<String>,
    qos: u8,
    lists: &Lists,
    output: &mut Output<'_>,
    deadline: &Deadline,
) -> Outcome<()> {
    let late = || Failure::Failed(output.late(deadline));
    let left = output.words.list("unsubscribe");
    if !left.is_empty() {
        let limit = deadline.limit();
        let unsubscribed = client.unsubscribe(left.to_vec(), Vec::new(), limit);
        in_time(unsubscribed, deadline, late)?;
    }
    if filters.is_empty() {
        return Ok(());
    }
    let filters = filters.into_iter().map(|filter| Filter { filter, options: qos });
    let subscribed = client.subscribe(Subscription {
        filters: filters.collect(),
        properties: lists.subscribe.clone(),
        timeout: deadline.limit(),
        ..Subscription::default()
    });
    let (granted, _) = in_time(subscribed, deadline, late)?;
    debug(&format!("subscribed: granted QoS {granted:?}"));
    if output.words.flag("exit-after-subscribe") {
        return Ok(());
    }
    loop {
        let Some(event) = client.next_event(deadline.left_millis())? else {
            return failed(output.late(deadline));
        };
        match event {
            Event::Message(message) => {
                if output.take(client, &message)? {
                    return Ok(());
                }
            }
            event => {
                if let Some(sentence) = report(&event) {
                    notice(&sentence);
                }
            }
        }
    }
}

struct Output<'a> {
    printer: Printer,
    most: Option<u64>,
    count: u64,
    /// Topics whose retained message was removed.
    removed: BTreeSet<String>,
    words: &'a Words,
}

impl Output<'_> {
    /// Prints it, unless an option says no. True at the end.
    fn take(&mut self, client: &mut Client, message: &Message) -> Outcome<bool> {
        let words = self.words;
        let hides = |filter: &String| topic_matches(filter, &message.topic).unwrap_or(false);
        if words.list("filter-out").iter().any(hides) || self.is_own(client, message)? {
            return Ok(false);
        }
        if message.retain && words.flag("no-retained") {
            return Ok(false);
        }
        if !message.retain && words.flag("retained-only") {
            return Ok(true);
        }
        let mut stdout = std::io::stdout().lock();
        let line = self.printer.line(message);
        if stdout.write_all(&line).and_then(|()| stdout.flush()).is_err() {
            // The reader has closed it, as `head` does.
            return Ok(true);
        }
        self.count += 1;
        Ok(self.most == Some(self.count))
    }

    /// With --remove-retained an empty message takes the place of what the broker has kept; its copy is not printed.
    fn is_own(&mut self, client: &mut Client, message: &Message) -> Outcome<bool> {
        if !self.words.flag("remove-retained") {
            return Ok(false);
        }
        if !message.retain {
            return Ok(message.payload.is_empty() && self.removed.contains(&message.topic));
        }
        let empty = Outgoing {
            topic: &message.topic,
            payload: &[],
            qos: 1,
            retain: true,
            properties: &[],
        };
        self.removed.insert(message.topic.clone());
        if let Err(error) = client.publish(&empty, None) {
            notice(&error.message);
        }
        Ok(false)
    }

    fn late(&self, deadline: &Deadline) -> String {
        let seconds = deadline.seconds.unwrap_or_default();
        match self.most {
            None => format!(
                "the time limit of {seconds} s was reached; {} messages had arrived",
                self.count
            ),
            Some(most) => format!(
                "only {} of {most} messages arrived within {seconds} s",
                self.count
            ),
        }
    }
}
