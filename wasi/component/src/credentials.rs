//! Converts the records of the interface to the engine's configuration. The engine's validator checks them.

use mqtt_lib_edge as edge;
use mqtt_lib_edge::properties::Place;
use mqtt_lib_edge::{Builder, Config, Error, Settings, Value, PLATFORM};

use crate::mqtt_lib::client::types::{
    Credentials, HighPriorityOptions, Properties, ProtocolVersion, PublishOptions,
};
use crate::properties;

/// What concerns the transport alone.
pub fn settings(given: &Credentials) -> Settings {
    let mut settings = Settings {
        store: given.store.clone(),
        ..Settings::default()
    };
    if let Some(certs) = given.certs.clone() {
        settings.certificates = edge::Certificates {
            ca: certs.ca,
            cert: certs.cert,
            key: certs.key,
            servername: certs.servername,
            min_version: certs.min_version,
            unverified: certs.dangerously_disable_server_verification == Some(true),
            protocol: certs.iot_protocol_name,
        };
    }
    if let Some(websocket) = given.websocket.clone() {
        let protocols = websocket.protocols;
        settings.websocket = edge::Handshake {
            headers: websocket.headers.unwrap_or_default(),
            protocols: protocols.unwrap_or(settings.websocket.protocols),
        };
    }
    settings
}

pub fn builder(given: Credentials) -> Result<Builder, Error> {
    let mut builder = Builder::default();
    let certs = given.certs.as_ref();
    let unverified = certs.and_then(|certs| certs.dangerously_disable_server_verification);
    builder.set_inner("certs.dangerouslyDisableServerVerification", flag(unverified))?;
    let all = [
        // BEGIN GENERATED values
        ("mqttserver", text_or_list(given.mqttserver, given.mqttservers)),
        ("mqttport", whole(given.mqttport)),
        ("mqttprotocol", text(given.mqttprotocol)),
        ("mqttpath", text(given.mqttpath)),
        ("mqttclientid", text(given.mqttclientid)),
        ("mqttusername", text(given.mqttusername)),
        ("mqttpassword", bytes(given.mqttpassword)),
        ("mqttkeepalive", seconds(given.mqttkeepalive)),
        ("mqttcleansession", flag(given.mqttcleansession)),
        ("store", object(&given.store)),
        ("mqttversion", version(given.mqttversion)),
        ("properties", list(given.properties, Place::Connect)?),
        ("topicAliases", flag(given.topic_aliases)),
        ("followServerReference", flag(given.follow_server_reference)),
        ("resubscribe", flag(given.resubscribe)),
        ("willsettopic", text(given.willsettopic)),
        ("willsetpayload", bytes(given.willsetpayload)),
        ("willsetqos", whole(given.willsetqos)),
        ("willsetretain", flag(given.willsetretain)),
        ("willProperties", list(given.will_properties, Place::Will)?),
        ("certs", object(&given.certs)),
        ("websocket", object(&given.websocket)),
        ("batchsize", whole(given.batchsize)),
        ("queuesize", whole(given.queuesize)),
        ("publishinterval", seconds(given.publishinterval)),
        ("maxinflight", whole(given.maxinflight)),
        ("maxinflightqos2", whole(given.maxinflightqos2)),
        ("maxfilters", whole(given.maxfilters)),
        ("maxpacketsize", whole(given.maxpacketsize)),
        ("maxunhandled", whole(given.maxunhandled)),
        ("maxunhandledbytes", whole(given.maxunhandledbytes)),
        ("maxinflightbytes", whole(given.maxinflightbytes)),
        ("offlinesize", whole(given.offlinesize)),
        ("offlinebytes", whole(given.offlinebytes)),
        ("offlinepolicy", text(given.offlinepolicy)),
        ("offlineexpiry", seconds(given.offlineexpiry)),
        ("connecttimeout", seconds(given.connecttimeout)),
        ("acktimeout", seconds(given.acktimeout)),
        ("publishtimeout", seconds(given.publishtimeout)),
        ("stoptimeout", seconds(given.stoptimeout)),
        ("reconnect", flag(given.reconnect)),
        ("maxmqttreconnectdelay", seconds(given.maxmqttreconnectdelay)),
        // END GENERATED values
    ];
    for (key, value) in all {
        builder.set(key, value)?;
    }
    Ok(builder)
}

pub fn one_shot(given: Option<HighPriorityOptions>) -> Result<(Config, Settings, PublishOptions), Error> {
    let Some(given) = given else {
        let options = PublishOptions {
            qos: None,
            retain: None,
            properties: None,
            timeout: None,
        };
        return Ok((Builder::default().finish(PLATFORM)?, Settings::default(), options));
    };
    let settings = given.credentials.as_ref().map(settings).unwrap_or_default();
    let mut builder = given
        .credentials
        .map_or_else(|| Ok(Builder::default()), builder)?;
    builder.port_wins = given.port.is_some();
    builder.set("mqttserver", text(given.hostname))?;
    builder.set("mqttport", whole(given.port))?;
    let options = PublishOptions {
        qos: given.qos,
        retain: given.retain,
        properties: given.properties,
        timeout: None,
    };
    Ok((builder.finish(PLATFORM)?, settings, options))
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

fn object<T>(given: &Option<T>) -> Value {
    match given {
        Some(_) => Value::Other("an object"),
        None => Value::Absent,
    }
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

fn version(given: Option<ProtocolVersion>) -> Value {
    given.map_or(Value::Absent, |version| match version {
        ProtocolVersion::V4 => Value::Number(4.0),
        ProtocolVersion::V5 => Value::Number(5.0),
        ProtocolVersion::Auto => Value::Text("auto".to_owned()),
    })
}

fn list(given: Option<Properties>, place: Place) -> Result<Value, Error> {
    Ok(match given {
        None => Value::Absent,
        given => Value::Bytes(properties::list(given.as_ref(), place)?),
    })
}
