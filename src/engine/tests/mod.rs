//! The engine on a virtual clock, against a simulated broker. What holds in both versions is in `both/` and
//! is run in both: the names of its tests begin with `v4` and `v5`.

mod broker;
mod dialect;
mod harness;
mod store;
mod user;
mod wire;
mod world;

mod credentials;
mod five;
mod five_limits;
mod ops;
mod oversized;
mod reasons;
mod sizes;
mod strict;
mod unsafe_ways;
mod validation;
mod violations;

#[path = "both/mod.rs"]
mod v4;
#[path = "both/mod.rs"]
#[allow(clippy::duplicate_mod)]
mod v5;
