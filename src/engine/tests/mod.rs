//! The engine on a virtual clock, against a simulated broker.

mod broker;
mod harness;
mod store;
mod user;
mod world;

mod backoff;
mod batches;
mod bounds;
mod credentials;
mod five;
mod fragments;
mod handshake;
mod incoming;
mod keepalive;
mod offline_hour;
mod ops;
mod order;
mod oversized;
mod persistence;
mod policies;
mod publishing;
mod queue;
mod random;
mod restarting;
mod servers;
mod stopping;
mod subscriptions;
mod timeouts;
mod unsafe_ways;
mod validation;
mod violations;
