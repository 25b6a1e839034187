//! Strategies of proptest for what a host's own tests generate.
