/*!
What every webhook service of Countersign shares.

A delivery is put into the [queue] before it is answered, in the same database as the audit trail. [Workers](work) take
what is due, one change at a time: they [judge] it by what the [forge] says now, keep the decision in the trail, and
[publish] it. A timer asks about everything that is open, for forges forget to say some things. [Pages](pages) show
what was decided, frozen, and never evaluate.

A forge is data and writes, and whatever is the same for every forge stands here, once.
*/

pub mod forge;
pub mod judge;
mod landed;
pub mod listen;
pub mod memory;
pub mod metrics;
mod mirror;
mod moves;
pub mod open;
pub mod options;
pub mod pages;
pub mod pool;
pub mod publish;
pub mod queue;
pub mod service;
pub mod setup;
pub mod shown;
pub mod tables;
pub mod web;
pub mod work;

pub use forge::{CONTEXT, Client, Delivery, Forge, ForgeError, Refusal, Subject};
pub use service::{Settings, run};
