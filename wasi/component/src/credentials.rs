//! Converts the records of the interface to the engine's configuration. The engine's validator checks them.

use mqtt_lib_edge::{Builder, Config, Error, Value, PLATFORM};

use crate::exports::mqtt_lib::client::mqtt::{Credentials, HighPriorityOptions, PublishOptions};

pub fn builder(given: Credentials) -> Result<Builder, Error> {
    let mut builder = Builder::default();
    let all = [
        // BEGIN GENERATED values
        ("mqttserver", text_or_list(given.mqttserver, given.mqttservers)),
        ("mqttport", whole(given.mqttport)),
        ("mqttprotocol", text(given.mqttprotocol)),
        ("mqttclientid", text(given.mqttclientid)),
        ("mqttusername", text(given.mqttusername)),
        ("mqttpassword", bytes(given.mqttpassword)),
        ("mqttkeepalive", seconds(given.mqttkeepalive)),
        ("mqttcleansession", flag(given.mqttcleansession)),
        ("mqttversion", whole(given.mqttversion)),
        ("willsettopic", text(given.willsettopic)),
        ("willsetpayload", bytes(given.willsetpayload)),
        ("willsetqos", whole(given.willsetqos)),
        ("willsetretain", flag(given.willsetretain)),
        ("batchsize", whole(given.batchsize)),
        ("queuesize", whole(given.queuesize)),
        ("publishinterval", seconds(given.publishinterval)),
        ("maxinflight", whole(given.maxinflight)),
        ("maxinflightqos2", whole(given.maxinflightqos2)),
        ("maxfilters", whole(given.maxfilters)),
        ("maxpacketsize", whole(given.maxpacketsize)),
        ("maxunhandled", whole(given.maxunhandled)),
        ("maxunhandledbytes", whole(given.maxunhandledbytes)),
        ("offlinesize", whole(given.offlinesize)),
        ("offlinebytes", whole(given.offlinebytes)),
        ("offlinepolicy", text(given.offlinepolicy)),
        ("offlineexpiry", seconds(given.offlineexpiry)),
        ("connecttimeout", seconds(given.connecttimeout)),
        ("acktimeout", seconds(given.acktimeout)),
        ("publishtimeout", seconds(given.publishtimeout)),
        ("stoptimeout", seconds(given.stoptimeout)),
        ("maxmqttreconnectdelay", seconds(given.maxmqttreconnectdelay)),
        // END GENERATED values
    ];
    for (key, value) in all {
        builder.set(key, value)?;
    }
    Ok(builder)
}

pub fn one_shot(given: Option<HighPriorityOptions>) -> Result<(Config, PublishOptions), Error> {
    let Some(given) = given else {
        let options = PublishOptions {
            qos: None,
            retain: None,
            properties: None,
        };
        return Ok((Builder::default().finish(PLATFORM)?, options));
    };
    let mut builder = given
        .credentials
        .map_or_else(|| Ok(Builder::default()), builder)?;
    builder.port_wins = given.port.is_some();
    builder.set("mqttserver", text(given.hostname))?;
    builder.set("mqttport", whole(given.port))?;
    let options = PublishOptions {
        qos: given.qos,
        retain: given.retain,
        properties: None,
    };
    Ok((builder.finish(PLATFORM)?, options))
}

fn text_or_list(one: Option<String>, several: Option<Vec<String>>) -> Value {
    several.map_or_else(|| text(one), Value::List)
}

fn text(given: Option<String>) -> Value {
    given.map_or(Value::Absent, Value::Text)
}

fn bytes(given: Option<Vec<u8>>) -> Value {
    given.map_or(Value::Absent, Value::Bytes)
}

fn flag(given: Option<bool>) -> Value {
    given.map_or(Value::Absent, Value::Bool)
}

fn whole(given: Option<u32>) -> Value {
    given.map_or(Value::Absent, |n| Value::Number(n.into()))
}

fn seconds(given: Option<f64>) -> Value {
    given.map_or(Value::Absent, Value::Number)
}
