//! Parses the command line. The options of the command itself are here; every key of credentials goes through the
//! engine's validator.

use mqtt_lib_edge::{Builder, Config, Value, PLATFORM};

pub enum Verb {
    Pub,
    Sub,
}

pub struct Arguments {
    pub verb: Verb,
    pub topics: Vec<String>,
    pub payload: Option<String>,
    pub qos: u8,
    pub retain: bool,
    pub count: Option<u64>,
    pub wait: Option<f64>,
    pub verbose: bool,
    pub config: Config,
}

impl Arguments {
    pub fn parse(given: &[String]) -> Result<Arguments, String> {
        let verb = match given.first().map(|word| word.as_str()) {
            Some("pub") => Verb::Pub,
            Some("sub") => Verb::Sub,
            Some(other) => {
                return Err(format!(
                    "the first word must be pub or sub; \"{other}\" was given"
                ))
            }
            None => return Err("the first word must be pub or sub; nothing was given".to_owned()),
        };
        let mut arguments = Arguments {
            verb,
            topics: Vec::new(),
            payload: None,
            qos: 0,
            retain: false,
            count: None,
            wait: None,
            verbose: false,
            config: Config::default(),
        };
        let mut builder = Builder::default();
        let mut words = given[1..].iter();
        while let Some(word) = words.next() {
            let key = word.strip_prefix("--").unwrap_or_default();
            if key.is_empty() {
                return Err(format!(
                    "an option such as --topic was expected; \"{word}\" was given"
                ));
            }
            match key {
                "retain" => {
                    arguments.retain = true;
                    continue;
                }
                "verbose" => {
                    arguments.verbose = true;
                    continue;
                }
                _ => {}
            }
            let value = words
                .next()
                .ok_or_else(|| format!("{word} needs a value after it"))?;
            match key {
                "topic" => arguments.topics.push(value.clone()),
                "payload" => arguments.payload = Some(value.clone()),
                "qos" => arguments.qos = number(word, value)?,
                "count" => arguments.count = Some(number(word, value)?),
                "wait" => arguments.wait = Some(number(word, value)?),
                key => builder
                    .set(key, typed(key, value))
                    .map_err(|error| error.message.to_string())?,
            }
        }
        match (&arguments.verb, arguments.topics.len()) {
            (_, 0) => return Err("--topic is missing".to_owned()),
            (Verb::Pub, 2..) => return Err("pub takes one --topic".to_owned()),
            _ => {}
        }
        arguments.config = builder
            .finish(PLATFORM)
            .map_err(|error| error.message.to_string())?;
        Ok(arguments)
    }
}

fn number<T: std::str::FromStr>(word: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("{word} must be a number in its range; \"{value}\" was given"))
}

/// The value as a JavaScript user would give it: numbers and booleans are recognised, apart from keys that are text.
fn typed(key: &str, value: &str) -> Value {
    // BEGIN GENERATED text
    const TEXT: [&str; 9] = [
        "mqttserver",
        "mqttprotocol",
        "mqttpath",
        "mqttclientid",
        "mqttusername",
        "mqttpassword",
        "willsettopic",
        "willsetpayload",
        "offlinepolicy",
    ];
    // END GENERATED text
    match (value, value.parse()) {
        _ if TEXT.contains(&key) => Value::Text(value.to_owned()),
        // An object in JavaScript; the validator says that it is of no use here.
        _ if key == "certs" => Value::Other("an object"),
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(number)) => Value::Number(number),
        _ => Value::Text(value.to_owned()),
    }
}
