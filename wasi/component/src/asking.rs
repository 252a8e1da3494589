//! Asks the host of the component: credentials before each attempt to connect, and the answers of an authentication.

use mqtt_lib_edge as edge;
use mqtt_lib_edge::properties::Place;
use mqtt_lib_edge::{Code, Config};

use crate::mqtt_lib::client::host::{answer_auth, ask_credentials};
use crate::mqtt_lib::client::types::{Credentials, Error};
use crate::{convert, credentials, properties};

/// With the credentials of the constructor, over which the answers are laid.
struct Asked(Credentials);

/// The host; for credentials it is asked only where those of the constructor say so.
pub fn host(given: &Credentials) -> Result<Option<Box<dyn edge::Host>>, edge::Error> {
    Ok(Some(Box::new(Asked(given.clone()))))
}

impl edge::Host for Asked {
    fn credentials(&mut self, attempt: u32, last: Option<&edge::Error>) -> Result<Config, edge::Error> {
        let last = last.map(Error::from);
        let answer = ask_credentials(attempt, last.as_ref()).map_err(|why| {
            edge::Error::new(
                Code::CredentialsFailed,
                &format!("the host gave no credentials: {why}"),
            )
        })?;
        let mut builder = credentials::builder(laid_over(self.0.clone(), answer))?;
        builder.asked = true;
        builder.finish(edge::PLATFORM)
    }

    fn answer_auth(&mut self, reason: u8, list: &[u8]) -> Result<Vec<u8>, edge::Error> {
        let answer = answer_auth(&convert::auth(reason, list)).map_err(|why| {
            edge::Error::new(
                Code::NotAuthorized,
                &format!("the host did not answer the AUTH of the broker: {why}"),
            )
        })?;
        properties::list(Some(&answer), Place::AuthAnswer)
    }
}

fn laid_over(base: Credentials, over: Credentials) -> Credentials {
    // One server takes the place of several, and the other way round.
    let names_servers = over.mqttserver.is_some() || over.mqttservers.is_some();
    let (one, several) = match names_servers {
        true => (over.mqttserver, over.mqttservers),
        false => (base.mqttserver, base.mqttservers),
    };
    Credentials {
        ask_host: None,
        mqttserver: one,
        mqttservers: several,
        // BEGIN GENERATED laid-over
        mqttport: over.mqttport.or(base.mqttport),
        mqttprotocol: over.mqttprotocol.or(base.mqttprotocol),
        mqttpath: over.mqttpath.or(base.mqttpath),
        mqttclientid: over.mqttclientid.or(base.mqttclientid),
        mqttusername: over.mqttusername.or(base.mqttusername),
        mqttpassword: over.mqttpassword.or(base.mqttpassword),
        mqttkeepalive: over.mqttkeepalive.or(base.mqttkeepalive),
        mqttcleansession: over.mqttcleansession.or(base.mqttcleansession),
        store: over.store.or(base.store),
        mqttversion: over.mqttversion.or(base.mqttversion),
        properties: over.properties.or(base.properties),
        topic_aliases: over.topic_aliases.or(base.topic_aliases),
        follow_server_reference: over.follow_server_reference.or(base.follow_server_reference),
        resubscribe: over.resubscribe.or(base.resubscribe),
        willsettopic: over.willsettopic.or(base.willsettopic),
        willsetpayload: over.willsetpayload.or(base.willsetpayload),
        willsetqos: over.willsetqos.or(base.willsetqos),
        willsetretain: over.willsetretain.or(base.willsetretain),
        will_properties: over.will_properties.or(base.will_properties),
        certs: over.certs.or(base.certs),
        websocket: over.websocket.or(base.websocket),
        batchsize: over.batchsize.or(base.batchsize),
        queuesize: over.queuesize.or(base.queuesize),
        publishinterval: over.publishinterval.or(base.publishinterval),
        maxinflight: over.maxinflight.or(base.maxinflight),
        maxinflightqos2: over.maxinflightqos2.or(base.maxinflightqos2),
        maxfilters: over.maxfilters.or(base.maxfilters),
        maxpacketsize: over.maxpacketsize.or(base.maxpacketsize),
        maxunhandled: over.maxunhandled.or(base.maxunhandled),
        maxunhandledbytes: over.maxunhandledbytes.or(base.maxunhandledbytes),
        maxinflightbytes: over.maxinflightbytes.or(base.maxinflightbytes),
        offlinesize: over.offlinesize.or(base.offlinesize),
        offlinebytes: over.offlinebytes.or(base.offlinebytes),
        offlinepolicy: over.offlinepolicy.or(base.offlinepolicy),
        offlineexpiry: over.offlineexpiry.or(base.offlineexpiry),
        connecttimeout: over.connecttimeout.or(base.connecttimeout),
        acktimeout: over.acktimeout.or(base.acktimeout),
        publishtimeout: over.publishtimeout.or(base.publishtimeout),
        stoptimeout: over.stoptimeout.or(base.stoptimeout),
        reconnect: over.reconnect.or(base.reconnect),
        maxmqttreconnectdelay: over.maxmqttreconnectdelay.or(base.maxmqttreconnectdelay),
        // END GENERATED laid-over
    }
}
