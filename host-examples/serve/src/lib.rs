/*!
What every webhook service of Countersign shares.

A delivery is put into the [queue](queue) before it is answered, in the same database as the audit trail. [Workers](work) take
what is due, one change at a time, ask the [forge] to judge it by what its API says now, keep the decision in the trail and
let the forge publish it. A timer asks about everything that is open, for forges forget to say some things. [Pages](pages) show
what was decided, frozen, and never evaluate.
*/

pub mod forge;
pub mod listen;
pub mod metrics;
pub mod open;
pub mod options;
pub mod pages;
pub mod pool;
pub mod queue;
pub mod service;
pub mod setup;
pub mod shown;
pub mod tables;
pub mod web;
pub mod work;

pub use countersign_host::judged::Judged;
pub use forge::{Delivery, Forge, ForgeError, Look, Looked, Memory, Published, Refusal, Shown, Subject};
pub use service::{Settings, run};
