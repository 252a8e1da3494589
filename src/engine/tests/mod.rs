//! The engine on a virtual clock, against a simulated broker. What holds in both versions is in `common/` and
//! is run in both: the names of its tests begin with `v4` and `v5`.

mod adapter;
mod beside;
mod broker;
mod dialect;
mod harness;
mod inspect;
mod overlapping_peer;
mod published_beside;
mod store;
mod user;
mod wire;
mod world;

mod credentials;
mod credentials_first_answer;
mod insecure_connections;
mod lenient;
mod max_packet_size;
mod mqtt5;
mod mqtt5_auto;
mod mqtt5_connections;
mod mqtt5_copies;
mod mqtt5_kept;
mod mqtt5_limits;
mod mqtt5_overlapping;
mod mqtt5_server_references;
mod mqtt5_strict;
mod reason_codes;
mod reentrant_calls;
mod skipped_publish;
mod validation;
mod validation_objects;
mod violations;

#[path = "common/mod.rs"]
mod v4;
#[path = "common/mod.rs"]
#[allow(clippy::duplicate_mod)]
mod v5;
