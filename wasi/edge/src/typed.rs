//! Values that are given as text, on a command line or in the environment.

use mqtt_lib::engine::validate::{Builder, Value};

/// Whether `credentials` have this key.
pub fn is_key(name: &str) -> bool {
    Builder::default().set(name, Value::Absent).is_ok()
}

/// The value of a key as a JavaScript user would give it: numbers and booleans are recognised, apart from keys that are text.
pub fn typed(key: &str, value: &str) -> Value {
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
        // Objects in JavaScript; the validator wants to know that there is one.
        _ if key == "certs" || key == "store" => Value::Other("an object"),
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(number)) => Value::Number(number),
        _ => Value::Text(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_key, typed};
    use mqtt_lib::engine::validate::Value;

    #[test]
    fn numbers_are_numbers_unless_the_key_is_text() {
        assert_eq!(typed("mqttkeepalive", "5"), Value::Number(5.0));
        assert_eq!(typed("mqttpassword", "5"), Value::Text("5".to_owned()));
        assert_eq!(typed("mqttcleansession", "false"), Value::Bool(false));
        assert!(is_key("mqttserver") && !is_key("topic"));
    }
}
