//! Parses the words of a command line into values by the names of options, as Node's `parseArgs` does for `npx mqtt-lib`. Knows
//! the table of options, and nothing of MQTT.

use std::collections::BTreeMap;

use crate::failure::{usage, Outcome};
use crate::table::{Opt, Verb};

const MOST_SECONDS: f64 = 2_147_483.0;

pub struct Words {
    pub verb: &'static Verb,
    values: BTreeMap<&'static str, Vec<String>>,
    /// What followed each -D.
    pub properties: Vec<Vec<String>>,
    /// Those that belong to no option.
    pub rest: Vec<String>,
    /// Keys of `credentials` that were given by their own names.
    pub keys: Vec<(String, String)>,
}

impl Words {
    pub fn parse(verb: &'static Verb, given: &[String]) -> Outcome<Words> {
        let mut words = Words {
            verb,
            values: BTreeMap::new(),
            properties: Vec::new(),
            rest: Vec::new(),
            keys: Vec::new(),
        };
        let mut left = given.iter();
        while let Some(word) = left.next() {
            if word == "--" {
                words.rest.extend(left.cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, inline) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                match verb.options.iter().find(|option| option.name == name) {
                    Some(option) => words.take(option, &format!("--{name}"), inline, &mut left)?,
                    None => words.take_key(name, inline, &mut left)?,
                }
            } else if word.len() > 1 && word.starts_with('-') {
                words.take_short(&word[1..], &mut left)?;
            } else {
                words.rest.push(word.clone());
            }
        }
        Ok(words)
    }

    /// Flags in one word, the last of which may take a value.
    fn take_short<'a>(&mut self, letters: &str, left: &mut impl Iterator<Item = &'a String>) -> Outcome<()> {
        for (place, letter) in letters.char_indices() {
            let raw = format!("-{letter}");
            let Some(option) = self
                .verb
                .options
                .iter()
                .find(|option| option.short == Some(letter))
            else {
                return usage(self.unknown(&raw));
            };
            let behind = &letters[place + letter.len_utf8()..];
            if option.value.is_some() && !behind.is_empty() {
                return self.take(option, &raw, Some(behind.to_owned()), left);
            }
            self.take(option, &raw, None, left)?;
        }
        Ok(())
    }

    fn take<'a>(
        &mut self,
        option: &'static Opt,
        raw: &str,
        inline: Option<String>,
        left: &mut impl Iterator<Item = &'a String>,
    ) -> Outcome<()> {
        if let Some(why) = option.refused {
            return usage(format!("{raw} is not in the WASI command: {why}"));
        }
        let Some(shape) = option.value else {
            if let Some(value) = inline {
                return usage(format!("{raw} takes no value; \"{value}\" was given"));
            }
            self.values.insert(option.name, Vec::new());
            return Ok(());
        };
        let Some(value) = inline.or_else(|| left.next().cloned()) else {
            return usage(format!("{raw} needs a value: {raw} {shape}"));
        };
        if option.name == "property" {
            let mut property = vec![value];
            property.extend(left.next().cloned());
            let values = if property.last().is_some_and(|name| name == "user-property") {
                2
            } else {
                1
            };
            property.extend(left.take(values).cloned());
            self.properties.push(property);
            return Ok(());
        }
        let is_number = || value.trim().parse::<f64>().is_ok_and(f64::is_finite);
        if option.number && !is_number() {
            return usage(format!("{raw} must be a number; \"{value}\" was given"));
        }
        let values = self.values.entry(option.name).or_default();
        if !values.is_empty() && !option.many {
            return usage(format!("{raw} was given twice"));
        }
        values.push(value);
        Ok(())
    }

    /// Every key of `credentials` is an option here, by its own name.
    fn take_key<'a>(
        &mut self,
        name: &str,
        inline: Option<String>,
        left: &mut impl Iterator<Item = &'a String>,
    ) -> Outcome<()> {
        let value = inline.or_else(|| left.next().cloned());
        if !mqtt_lib_edge::is_key(name) {
            return usage(self.unknown(&format!("--{name}")));
        }
        let Some(value) = value else {
            return usage(format!("--{name} needs a value after it"));
        };
        self.keys.push((name.to_owned(), value));
        Ok(())
    }

    fn unknown(&self, raw: &str) -> String {
        let name = self.verb.name;
        format!("{name} has no option {raw}; mqtt-lib {name} --help lists all options")
    }

    pub fn flag(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.list(name).first().map(String::as_str)
    }

    pub fn list(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.text(name)?.trim().parse().ok()
    }

    pub fn whole(&self, name: &str, least: u64, most: u64) -> Outcome<Option<u64>> {
        let Some(number) = self.number(name) else {
            return Ok(None);
        };
        if number.fract() == 0.0 && number >= least as f64 && number <= most as f64 {
            return Ok(Some(number as u64));
        }
        let range = match most {
            u64::MAX => format!("from {least}"),
            most => format!("from {least} to {most}"),
        };
        usage(format!(
            "--{name} must be a whole number {range}; {number} was given"
        ))
    }

    pub fn qos(&self) -> Outcome<u8> {
        Ok(self.whole("qos", 0, 2)?.unwrap_or(0) as u8)
    }

    /// Seconds above 0.
    pub fn seconds(&self, name: &str) -> Outcome<Option<f64>> {
        match self.number(name) {
            Some(number) if number <= 0.0 || number > MOST_SECONDS => usage(format!(
                "--{name} must be a number of seconds above 0, at most {MOST_SECONDS}; {number} was given"
            )),
            number => Ok(number),
        }
    }

    /// Fails if more than one of these was given.
    pub fn exclude(&self, names: &[&str]) -> Outcome<()> {
        let given: Vec<&str> = names.iter().copied().filter(|name| self.flag(name)).collect();
        match given.as_slice() {
            [first, second, ..] => usage(format!("--{first} and --{second} exclude each other; give one")),
            _ => Ok(()),
        }
    }
}
