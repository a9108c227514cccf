//! The rules: what is reported, at which place, and with which fix.

mod hints;
mod hub;
mod inputs;
mod levels;
mod lints;
mod mistakes;
mod pages;
mod placeholders;
mod places;
mod policy;
mod public;
mod substitution;
mod suggestions;
mod suite;
mod target;
