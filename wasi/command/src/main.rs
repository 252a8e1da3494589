//! `mqtt-lib pub|sub` as a WASI command: a program on top of the edge.

mod arguments;

use std::io::{Read, Write};
use std::process::ExitCode;

use arguments::{Arguments, Verb};
use mqtt_lib_edge::{timeout, Client, Error, Filter, Outgoing, Settings, Subscription};

const USAGE: &str = "\
mqtt-lib pub --topic TOPIC [--payload TEXT] [options]     one message; without --payload it is read from stdin
mqtt-lib sub --topic FILTER [--topic FILTER ...] [options]

  --qos 0|1|2        quality of service (0)
  --retain           pub: the broker keeps the message
  --count N          sub: end after N messages
  --wait SECONDS     sub: end after so long without a message
  --verbose          sub: TOPIC and a space before each payload
  --KEY VALUE        any key of credentials: --mqttserver HOST, --mqttport 1883, --mqttusername NAME, ...
";

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if given.iter().any(|word| word == "--help") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let result = match Arguments::parse(&given) {
        Ok(arguments) => run(arguments).map_err(|error| format!("{} {}", error.code.name(), error.message)),
        Err(why) => Err(format!("{why}\n\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("mqtt-lib: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Error> {
    let mut client = Client::new(arguments.config.clone(), Settings::default(), None)?;
    client.start()?;
    let result = match arguments.verb {
        Verb::Pub => publish(&mut client, &arguments),
        Verb::Sub => subscribe(&mut client, &arguments),
    };
    client.stop(0, &[])?;
    result
}

fn publish(client: &mut Client, arguments: &Arguments) -> Result<(), Error> {
    let mut stdin = Vec::new();
    let payload = match &arguments.payload {
        Some(payload) => payload.as_bytes(),
        None => {
            // Closed or missing, it is an empty payload.
            let _ = std::io::stdin().read_to_end(&mut stdin);
            &stdin
        }
    };
    let message = Outgoing {
        topic: &arguments.topics[0],
        payload,
        qos: arguments.qos,
        retain: arguments.retain,
        properties: &[],
    };
    client.publish(&message, None).map(drop)
}

fn subscribe(client: &mut Client, arguments: &Arguments) -> Result<(), Error> {
    let filters = arguments.topics.iter().map(|topic| Filter {
        filter: topic.clone(),
        options: arguments.qos,
    });
    client.subscribe(Subscription {
        filters: filters.collect(),
        ..Subscription::default()
    })?;
    let wait = arguments.wait.map(timeout).transpose()?;
    let mut stdout = std::io::stdout().lock();
    let mut count = 0;
    while arguments.count.is_none_or(|most| count < most) {
        let Some(message) = client.next_message(wait)? else {
            break;
        };
        count += 1;
        let mut line = Vec::new();
        if arguments.verbose {
            line.extend_from_slice(message.topic.as_bytes());
            line.push(b' ');
        }
        line.extend_from_slice(&message.payload);
        line.push(b'\n');
        if stdout.write_all(&line).and_then(|()| stdout.flush()).is_err() {
            break;
        }
    }
    Ok(())
}
