//! What Countersign decides, as its specification says it: one module a part of the rules, and one program, so that it
//! is built and linked once.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

mod answered;
mod answers;
mod authorship;
mod bypasses;
mod cases;
mod codes;
mod dco;
mod decisions;
mod documents;
mod evidence;
mod examples;
mod extends;
mod faults;
mod histories;
mod identity;
mod messages;
mod moves;
mod needs;
mod numbers;
mod overrides;
mod owners;
mod page;
mod people;
mod predicates;
mod predicates_page;
mod publication;
mod refusals;
mod signed;
mod signoffs;
mod vetoes;
mod ways_out;
