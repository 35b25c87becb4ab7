/*!
The pre-receive gate of a git server: what is about to enter a protected branch is judged before it does.

A server's own hook says who pushes and which change is merged ([`Push`]), may ask its forge about that change ([`Merges`]), and calls
[`pre_receive`]. A plain bare repository has no forge, and is guarded by git and signed sign-offs alone.
*/

pub mod brought;
mod forge;
mod gate;
mod install;
mod push;
mod rights;
mod rules;
mod standing;
mod updates;

pub use forge::AskedForge;
pub use gate::{Merges, Options, pre_receive};
pub use install::{Installation, Script, report};
pub use push::{Push, Pusher, options};
pub use rights::Account;
pub use rules::{HostRulesChoice, Scope};
