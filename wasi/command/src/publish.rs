//! `mqtt-lib pub`: publishes one message, often, or the lines of standard input; and `mqtt-lib request`.

use std::io::Write;

use mqtt_lib_edge::properties::{find, put, without, Property, Value};
use mqtt_lib_edge::{Client, Code, Event, Filter, Message, Outgoing, Subscription};
use wasip2::random::random::get_random_u64;

use crate::credentials::Connection;
use crate::failure::{failed, usage, Failure, Outcome};
use crate::format::{quoted, Printer};
use crate::input::{source, Lines, Source};
use crate::properties::Lists;
use crate::session::{close, connect, debug, in_time, pause, report, Deadline};
use crate::words::Words;

/// So many lines are published before their acknowledgements are awaited, or a few more, so that batches are whole.
const LINES: u64 = 1000;
const REQUEST_TIMEOUT_S: f64 = 30.0;

/// The topic of a command that publishes: of the option, of a URL, or the first word.
fn topic_of(words: &Words, topics: &[String], rest: &mut Vec<String>) -> Outcome<String> {
    let topic = words
        .text("topic")
        .map(str::to_owned)
        .or_else(|| topics.first().cloned());
    match topic {
        Some(topic) => Ok(topic),
        None if rest.is_empty() => usage("a topic is missing; give it with --topic (-t)"),
        None => Ok(rest.remove(0)),
    }
}

pub fn publish(words: &Words, connection: Connection, lists: &Lists, mut rest: Vec<String>) -> Outcome<()> {
    let deadline = Deadline::new(words.seconds("timeout")?);
    let topic = topic_of(words, &connection.topics, &mut rest)?;
    check_lines(words)?;
    let (count, delay) = repeat(words)?;
    let qos = words.qos()?;
    let source = source(words, &rest)?;
    let mut client = connect(connection, words, &deadline)?;
    let message = |payload| Outgoing {
        topic: &topic,
        payload,
        qos,
        retain: words.flag("retain"),
        properties: &lists.publish,
    };
    let outcome = match source {
        Source::Lines(lines) => publish_lines(&mut client, lines, words, &deadline, message),
        Source::Whole(payload) => (0..count).try_for_each(|number| {
            if number > 0 && delay > 0.0 {
                pause(&mut client, delay)?;
            }
            let published = client.publish(&message(&payload), deadline.limit());
            published.map(drop).map_err(|error| match deadline.seconds {
                Some(seconds) if error.code == Code::Timeout => {
                    let left = count - number;
                    Failure::Failed(format!(
                        "{left} of {count} messages were not acknowledged in {seconds} s"
                    ))
                }
                _ => error.into(),
            })
        }),
    };
    close(client, lists, outcome)
}

/// Options that only make sense with lines.
fn check_lines(words: &Words) -> Outcome<()> {
    let of_lines = ["batch", "queue", "json", "interval"];
    if !words.flag("stdin-line") {
        let given = of_lines.iter().find(|name| words.flag(name));
        return given.map_or(Ok(()), |name| usage(format!("--{name} needs --stdin-line (-l)")));
    }
    words.exclude(&["batch", "queue"])?;
    if words.flag("interval") && !words.flag("batch") && !words.flag("queue") {
        return usage("--interval needs --batch or --queue: without them each line is sent at once");
    }
    Ok(())
}

/// How often the message is published, and the time between two.
fn repeat(words: &Words) -> Outcome<(u64, f64)> {
    if words.flag("repeat-delay") && !words.flag("repeat") {
        return usage("--repeat-delay needs --repeat");
    }
    words.exclude(&["repeat", "stdin-line"])?;
    let count = words.whole("repeat", 1, u64::MAX)?.unwrap_or(1);
    Ok((count, words.seconds("repeat-delay")?.unwrap_or(0.0)))
}

/// Counts lines, and those that failed.
#[derive(Default)]
struct Tally {
    lines: u64,
    failed: u64,
    first: Option<String>,
}

impl Tally {
    /// Takes up what the client reports of messages that no call waited for.
    fn take_events(&mut self, client: &mut Client, lines: &mut Lines) {
        while let Ok(Some(event)) = client.next_event(Some(0)) {
            lines.failures.extend(report(&event));
        }
        for sentence in lines.failures.drain(..) {
            self.failed += 1;
            self.first.get_or_insert(sentence);
        }
    }
}

fn publish_lines<'a>(
    client: &mut Client,
    mut lines: Lines,
    words: &Words,
    deadline: &Deadline,
    message: impl Fn(&'a [u8]) -> Outgoing<'a>,
) -> Outcome<()> {
    let together = words
        .number("batch")
        .or(words.number("queue"))
        .unwrap_or(1.0)
        .max(1.0) as u64;
    let most = together * LINES.div_ceil(together);
    let blank = message(&[]);
    let mut tally = Tally::default();
    let mut number = 0;
    while let Some(line) = lines.next(client, deadline)? {
        number += 1;
        if line.is_empty() {
            continue;
        }
        if words.flag("json") {
            if let Err(why) = serde_json::from_slice::<serde::de::IgnoredAny>(&line) {
                return usage(format!("line {number} is not JSON: {why}"));
            }
        }
        tally.lines += 1;
        if words.flag("batch") {
            let text = String::from_utf8_lossy(&line);
            let item = if words.flag("json") {
                text.into_owned()
            } else {
                quoted(&text)
            };
            client.batch(&Outgoing {
                payload: item.as_bytes(),
                ..blank
            })?;
        } else {
            client.queue(&Outgoing {
                payload: &line,
                ..blank
            })?;
        }
        if tally.lines.is_multiple_of(most) {
            client.flush()?;
            tally.take_events(client, &mut lines);
        }
    }
    client.flush()?;
    tally.take_events(client, &mut lines);
    debug(&format!("{} lines published", tally.lines));
    match tally.first {
        Some(first) => failed(format!(
            "{} messages of {} lines were not published: {first}",
            tally.failed, tally.lines
        )),
        None => Ok(()),
    }
}

pub fn request(words: &Words, connection: Connection, lists: &Lists, mut rest: Vec<String>) -> Outcome<()> {
    let deadline = Deadline::new(Some(words.seconds("timeout")?.unwrap_or(REQUEST_TIMEOUT_S)));
    let topic = topic_of(words, &connection.topics, &mut rest)?;
    let Source::Whole(payload) = source(words, &rest)? else {
        return usage("request takes no --stdin-line");
    };
    let (printer, qos) = (Printer::of(words)?, words.qos()?);
    let mut client = connect(connection, words, &deadline)?;
    let message = Outgoing {
        topic: &topic,
        payload: &payload,
        qos,
        retain: words.flag("retain"),
        properties: &lists.publish,
    };
    let answer = match words.text("response-topic") {
        None => client
            .request(&message, deadline.limit())
            .map_err(|error| match error.code {
                Code::Timeout => late(&message, &deadline),
                _ => error.into(),
            }),
        Some(at) => request_at(&mut client, at, &message, &deadline),
    };
    let outcome = answer.and_then(|message| {
        let mut stdout = std::io::stdout().lock();
        let written = stdout
            .write_all(&printer.line(&message))
            .and_then(|()| stdout.flush());
        written.or_else(|why| failed(format!("cannot write to standard output: {why}")))
    });
    close(client, lists, outcome)
}

fn late(message: &Outgoing<'_>, deadline: &Deadline) -> Failure {
    Failure::Failed(format!(
        "no response to the request to \"{}\" arrived within {} s; check that a responder is subscribed to this topic",
        message.topic,
        deadline.seconds.unwrap_or_default()
    ))
}

/// A request with the response topic that the user has given.
fn request_at(
    client: &mut Client,
    at: &str,
    message: &Outgoing<'_>,
    deadline: &Deadline,
) -> Outcome<Message> {
    let given = match find(message.properties, Property::CorrelationData) {
        Some(Value::Binary(data)) => Some(data.to_vec()),
        _ => None,
    };
    let data = given.unwrap_or_else(|| format!("{:016x}", get_random_u64()).into_bytes());
    let mut properties = without(message.properties, Property::ResponseTopic);
    properties = without(&properties, Property::CorrelationData);
    put(&mut properties, Property::ResponseTopic, Value::Text(at));
    put(&mut properties, Property::CorrelationData, Value::Binary(&data));
    let subscribed = client.subscribe(Subscription {
        filters: vec![Filter {
            filter: at.to_owned(),
            options: 1,
        }],
        timeout: deadline.limit(),
        ..Subscription::default()
    });
    in_time(subscribed, deadline, || late(message, deadline))?;
    let request = Outgoing {
        properties: &properties,
        ..*message
    };
    let published = client.publish(&request, deadline.limit());
    in_time(published, deadline, || late(message, deadline))?;
    loop {
        match client.next_event(deadline.left_millis())? {
            Some(Event::Message(answer)) => {
                if matches!(find(&answer.properties, Property::CorrelationData), Some(Value::Binary(found)) if found == data)
                {
                    return Ok(answer);
                }
            }
            Some(event) => drop(report(&event)),
            None => return Err(late(message, deadline)),
        }
    }
}
